"""Where alerts go, and by which way."""

from pydantic import Field, SecretStr, field_validator

from orqsite.environment.group import CommaSeparated, Group
from orqsite.mail_server import mail_server
from schedules.addresses import origin_of, read_outbound


class Alerts(Group):
    """Networks, the mail server and PagerDuty."""

    outbound_allow: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated networks that alerts may go to beside public addresses; a metadata address must "
        "be named by itself",
    )
    email_url: SecretStr = Field(
        SecretStr(""),
        description="mail server for alerts by e-mail: smtp+starttls://user:password@host:587, smtps:// or smtp://; "
        "empty: no mail is sent",
    )
    email_from: str = Field(
        "Agent Schedules <agent-schedules@localhost>", description="sender of the service's mails"
    )
    pagerduty_url: str = Field(
        "https://events.pagerduty.com/v2/enqueue",
        description="where PagerDuty takes events; in its European region https://events.eu.pagerduty.com/v2/enqueue",
    )

    @field_validator("outbound_allow")
    @classmethod
    def _readable_outbound(cls, value: list[str]) -> list[str]:
        read_outbound(value)
        return value

    @field_validator("email_url")
    @classmethod
    def _mail_server_there_is(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            mail_server(value.get_secret_value())
        return value

    @field_validator("pagerduty_url")
    @classmethod
    def _callable_pagerduty(cls, value: str) -> str:
        origin_of(value)
        return value

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.email_url.get_secret_value())
