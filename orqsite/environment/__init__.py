"""Every setting of the service, in one typed place, read from the environment.

Defaults run on one machine. An invalid value stops the start with a sentence that says how to correct it.
Durations are in the unit the name ends in.
"""

from typing import Any, Final

from pydantic import ValidationError

from orqsite.environment.agents import Agents
from orqsite.environment.alerts import Alerts
from orqsite.environment.connections import Connections
from orqsite.environment.group import BASE_DIR as BASE_DIR
from orqsite.environment.keys import Keys
from orqsite.environment.keys import is_weak as is_weak
from orqsite.environment.limits import Limits
from orqsite.environment.login import Login
from orqsite.environment.observing import Observing
from orqsite.environment.web import Web
from orqsite.environment.work import MACHINERY as MACHINERY
from orqsite.environment.work import Work

PLATFORM: Final = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
"""Variables without our prefix: platforms set them."""

SECRET_LOCATIONS: Final = {
    *PLATFORM,
    *("secret_key", "encryption_keys", "agent_proxy", "oidc_client_secret", "metrics_token", "email_url"),
}
"""Where pydantic places an error of a secret."""


class SettingInvalid(SystemExit):
    """A setting has a value the service cannot start with; the message names it and says how to correct it."""


class Environment(Limits, Alerts, Agents, Work, Observing, Login, Web, Keys, Connections):
    """The service's settings; pydantic counts the fields from the last group to the first."""

    def uses(self, machinery: str) -> bool:
        """Whether this piece of MACHINERY is on."""
        is_lost = (
            machinery == "prepared" and self.transaction_pooler
        )  # the next one has another server process
        return machinery not in self.without and not is_lost


def read_environment() -> Environment:
    """The settings of this process; SettingInvalid with one line per invalid variable."""
    try:
        return Environment()
    except ValidationError as error:
        lines = [
            f"{_variable(str(problem['loc'][0]))}: {problem['msg']}{_given_value(problem)}"
            for problem in error.errors(include_url=False)
        ]
        raise SettingInvalid("Invalid settings:\n" + "\n".join(lines)) from None


def _variable(location: str) -> str:
    """The environment variable a validation error is about."""
    return location if location in PLATFORM else f"ORQ_{location.upper()}"


def _given_value(problem: Any) -> str:
    """The value that was given, except for secrets."""
    return "" if problem["loc"][0] in SECRET_LOCATIONS else f" (got {problem['input']!r})"
