"""People register agents, change their settings and delete them. Every face calls these verbs, and only these.

What is secret belongs to the agent's origin: when scheme, host or port change, each stored secret must be sent anew
or removed by the same change, and only an administrator may make it, since the secrets of payloads go there too.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict

from django.db import IntegrityError, transaction

from schedules import agent_runtimes, journal
from schedules.addresses import AddressRefused, Origin, origin_of
from schedules.agents import checking, pem
from schedules.agents.fitting import count_unfit_schedules
from schedules.agents.recorded import recorded
from schedules.agents.secret_settings import held_secrets, sealed_headers
from schedules.errors import AgentExists, AgentNotFound, InvalidRequest, OriginNotYours
from schedules.models import Agent, Workspace
from schedules.secrets.sealing import seal, unseal


class AgentChanges(TypedDict, total=False):
    """What a person says of an agent: only what is named may change.

    Secrets come in clear: `credential` and `client_key_pem` (None removes one), `signing_secrets` (the newest first),
    values of `extra_headers` marked as payloads mark theirs, where the mask keeps what is stored.
    """

    runtime: str
    base_url: str
    path: str
    dialect: str
    model: str
    provider: str
    input_price: float | None
    output_price: float | None
    credential_header: str
    credential: str | None
    extra_body: dict[str, Any]
    extra_headers: dict[str, Any]
    background: bool
    stream: bool
    connect_timeout: timedelta
    read_timeout: timedelta
    total_timeout: timedelta
    max_response_bytes: int
    max_attempts: int
    max_silent_attempts: int
    max_in_flight: int | None
    retry_base: timedelta
    retry_cap: timedelta
    ca_pem: str
    client_certificate_pem: str
    client_key_pem: str | None
    signing_secrets: list[str]


@dataclass(frozen=True, slots=True)
class Saved:
    """An agent as it was saved. `unfit_schedule_count`: live schedules whose runs will fail with these settings."""

    agent: Agent
    unfit_schedule_count: int = 0


_OF_REQUEST: Final = frozenset({"runtime", "path", "dialect"})
"""What decides which payloads can be sent."""

_OF_CLIENT: Final = frozenset({"client_certificate_pem", "client_key_pem"})
_SECRETS: Final = ("credential", "extra_headers", "client_key_pem", "signing_secrets")


@transaction.atomic
def create(workspace: Workspace, key: str, changes: AgentChanges) -> Agent:
    """The workspace's new agent; AgentExists, or InvalidRequest naming the setting."""
    checking.check_key(key)
    if Agent.objects.live().filter(workspace=workspace, key=key).exists():
        raise AgentExists
    agent = Agent(workspace=workspace, key=key)
    checking.check_each(changes)
    path = _default_path(changes.get("runtime", agent.runtime))
    _apply(agent, AgentChanges(**{"path": path} | changes))
    try:
        with transaction.atomic():
            agent.save(force_insert=True)
    except IntegrityError:  # somebody else was quicker
        raise AgentExists from None
    journal.record("create", agent, recorded(agent, [field.name for field in Agent._meta.fields]))
    return agent


def update(agent_id: str, changes: AgentChanges, *, may_change_origin: bool) -> Saved:
    """The agent with the changes applied; nothing is applied when one of them is refused.

    AgentNotFound, InvalidRequest, or OriginNotYours unless `may_change_origin`.
    """
    with transaction.atomic():
        agent = _locked(agent_id)
        before = {name: getattr(agent, name) for name in _OF_REQUEST}
        stored = copy(agent)
        _check_origin(agent, changes, may_change_origin=may_change_origin)
        changed = _apply(agent, changes)
        if changed:
            agent.save(update_fields=[*changed, "updated_at"])
            journal.record("update", agent, recorded(agent, changed, stored))
    is_other_request = any(getattr(agent, name) != value for name, value in before.items())
    return Saved(agent, count_unfit_schedules(agent) if is_other_request else 0)


@transaction.atomic
def delete(agent_id: str, now: datetime) -> None:
    """The agent is gone for clients at once, and no run of it starts; beats end its schedules, its history stays."""
    agent = _locked(agent_id)
    agent.deleted_at = now
    agent.save(update_fields=["deleted_at", "updated_at"])
    journal.record("delete", agent)


def _locked(agent_id: str) -> Agent:
    agent = Agent.objects.live().select_for_update(of=("self",), no_key=True).filter(id=agent_id).first()
    if agent is None:
        raise AgentNotFound
    return agent


def _check_origin(agent: Agent, changes: AgentChanges, *, may_change_origin: bool) -> None:
    if "base_url" not in changes:
        return
    checking.check_each({"base_url": changes["base_url"]})
    if _origin(changes["base_url"]) == _origin(agent.base_url):
        return
    if not may_change_origin:
        raise OriginNotYours(param="base_url")
    for name in held_secrets(agent):
        if name not in changes:
            raise InvalidRequest(
                f"The agent's calls go to another server now: send {name} anew, or remove it", param=name
            )


def _origin(base_url: str) -> Origin | str:
    """Scheme, host and port; an address of another form (none, or one of an older version) stands for itself."""
    try:
        return origin_of(base_url)
    except AddressRefused:
        return base_url


def _apply(agent: Agent, changes: AgentChanges) -> list[str]:
    """Set what is named; the names of the columns that were set. InvalidRequest."""
    checking.check_each(changes)
    columns = _columns(agent, changes)
    for name, value in columns.items():
        setattr(agent, name, value)
    _check_needs(agent)
    if agent.sealed_credential and not agent.credential_header:
        raise InvalidRequest("The credential needs a header to travel in", param="credential_header")
    if not _OF_CLIENT.isdisjoint(changes):
        _check_client(agent)
    return list(columns)


def _columns(agent: Agent, changes: AgentChanges) -> dict[str, Any]:
    """The columns of the named settings, secrets sealed."""
    columns: dict[str, Any] = {name: value for name, value in changes.items() if name not in _SECRETS}
    if "path" not in changes and agent.path == _default_path(agent.runtime):  # nobody chose it
        columns |= {"path": _default_path(changes.get("runtime", agent.runtime))}
    if "credential" in changes:
        columns["sealed_credential"] = _sealed(changes["credential"])
    if "client_key_pem" in changes:
        columns["sealed_client_key"] = _sealed(changes["client_key_pem"])
    if "signing_secrets" in changes:
        columns["sealed_signing_secrets"] = [seal(secret) for secret in changes["signing_secrets"]]
    if "extra_headers" in changes:
        columns["extra_headers"] = sealed_headers(changes["extra_headers"], _kept_headers(agent, changes))
    return columns


def _kept_headers(agent: Agent, changes: AgentChanges) -> Mapping[str, Any] | None:
    """The headers whose masks may be sent back: none of another origin."""
    is_same = _origin(changes.get("base_url", agent.base_url)) == _origin(agent.base_url)
    return agent.extra_headers if is_same else None


def _sealed(clear: str | None) -> str:
    return seal(clear) if clear else ""


def _default_path(runtime: str) -> str:
    try:
        return agent_runtimes.spec_of(runtime).needs.default_path
    except agent_runtimes.UnknownRuntime:
        return ""


def _check_needs(agent: Agent) -> None:
    try:
        needs = agent_runtimes.spec_of(agent.runtime).needs
    except agent_runtimes.UnknownRuntime:  # stored by a process that had it
        return
    if needs.has_address and not agent.base_url:
        raise InvalidRequest(
            f"The runtime {agent.runtime} calls a server: say where it is, e.g. https://host",
            param="base_url",
        )
    if agent.dialect and agent.dialect not in needs.dialects:
        known = ", ".join(needs.dialects) or "none"
        raise InvalidRequest(f"The dialects of runtime {agent.runtime} are: {known}", param="dialect")


def _check_client(agent: Agent) -> None:
    if bool(agent.client_certificate_pem) != bool(agent.sealed_client_key):
        missing = "client_key_pem" if agent.client_certificate_pem else "client_certificate_pem"
        raise InvalidRequest("A client certificate and its key come together", param=missing)
    if agent.client_certificate_pem:
        pem.check_pair(agent.client_certificate_pem, unseal(agent.sealed_client_key), "client_key_pem")
