"""Every setting of the service, in one typed place, read from the environment.

Defaults run on one machine. An invalid value stops the start with a sentence that says how to correct it.
Durations are in the unit the name ends in.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from orqsite.login.roles_of_groups import read_line
from orqsite.mail_server import mail_server
from orqsite.redis_url import require_redis_url
from schedules.addresses import origin_of, read_outbound, read_policy

BASE_DIR = Path(__file__).resolve().parent.parent

SHORTEST_SECRET_KEY = 32
FEWEST_CHARACTERS = 5
"""Different ones in a secret key: fewer are a placeholder."""

MACHINERY: Final = (
    "message_batches",
    "shared_client",
    "message_template",
    "fire_batch_overlap",
    "eta_leak",
    "gc_freeze",
    "warm_up",
    "pool_check",
    "prepared",
    "key_cache",
    "local_shares",
)
"""What bends a library for speed, by the names ORQ_WITHOUT takes; see docs/upgrading.md."""


SECRET_LOCATIONS: Final = {
    *(
        "DATABASE_URL",
        "REDIS_URL",
        "secret_key",
        "encryption_keys",
        "agent_proxy",
        "oidc_client_secret",
        "metrics_token",
        "email_url",
    ),
}
"""Where pydantic places an error of a secret."""


METRICS_LABELS: Final = ("workspace", "agent")
SHORTEST_METRICS_TOKEN: Final = 16


class SettingInvalid(SystemExit):
    """A setting has a value the service cannot start with; the message names it and says how to correct it."""


class Environment(BaseSettings):
    """The service's settings; the field names in capitals are the environment variables."""

    model_config = SettingsConfigDict(env_prefix="ORQ_", extra="ignore", frozen=True)

    _mask_wrapped: ClassVar = True
    """Django's settings ask each value for it at each look, and pydantic takes long to say that it has none."""

    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias="DATABASE_URL",
        description="PostgreSQL or SQLite URL; default: a SQLite file in the data folder",
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="URL of the broker, Redis or Valkey",
    )
    database_pool_size: int = Field(
        10,
        ge=2,
        le=500,
        description="maximum number of PostgreSQL connections per process",
    )
    data_dir: Path = Field(BASE_DIR / "var", description="folder for all local state")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Django's signing key, at least 32 characters; default: a generated file in the data folder",
    )
    encryption_keys: Annotated[list[SecretStr], NoDecode] = Field(
        default_factory=list,
        description="comma-separated Fernet keys, newest first; default: the file of them in the data folder",
    )
    debug: bool = Field(False, description="show Django's debug pages; never in production")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["localhost", "127.0.0.1", "[::1]"],
        description="comma-separated host names the service answers to",
    )
    public_url: str = Field(
        "",
        description="where people reach the console, e.g. https://schedules.example.org: alerts link to it",
    )
    trusted_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="comma-separated origins (https://…) from which console forms are accepted",
    )
    https: bool = Field(
        False,
        description="the service is behind an HTTPS proxy: secure cookies, HSTS, trust in X-Forwarded-Proto",
    )
    hsts_subdomains: bool = Field(
        False,
        description="with ORQ_HTTPS: browsers use HTTPS for all subdomains of the service's name as well",
    )
    hsts_preload: bool = Field(
        False,
        description="with ORQ_HTTPS: the service's name may be on the browsers' own lists of HTTPS names",
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="comma-separated addresses or networks of proxies whose X-Forwarded-For counts; "
        "none: the address of the connection is the client's",
    )
    session_idle_minutes: int = Field(
        60, ge=1, le=43_200, description="a console session ends after this time without a request"
    )
    oidc_client_id: str = Field("", description="what the OpenID Connect provider knows this service as")
    oidc_issuer: str = Field(
        "",
        description="issuer of the provider at which people may log in to the console; needs the client id",
    )
    password_login: bool = Field(
        True, description="people may log in to the console by name and password; off needs a provider"
    )
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="the secret that goes with it; empty for a public client"
    )
    oidc_name: str = Field("single sign-on", description="what people call that provider")
    oidc_scopes: str = Field("openid profile email", description="scopes that are asked for, with `openid`")
    oidc_groups_claim: str = Field(
        "groups", description="claim in which the provider names a person's groups"
    )
    oidc_roles: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="comma-separated roles of groups: group=role@workspace, or group=superuser",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="lowest level to log")
    log_format: Literal["json", "console"] = Field(
        "json", description="json: one JSON object per line; console: readable text"
    )
    access_log: bool = Field(True, description="one event `request.answered` for each request")
    worker_threads: int = Field(
        100,
        ge=1,
        le=5000,
        description="maximum number of agent calls in flight per worker process",
    )
    lease_seconds: float = Field(
        15,
        ge=1,
        le=3600,
        description="a run is lost when its worker has been silent this long",
    )
    heartbeat_seconds: float = Field(
        3,
        gt=0,
        le=600,
        description="time between a worker's lease renewals; at most half of ORQ_LEASE_SECONDS",
    )
    remote_control: bool = Field(
        True,
        description="workers answer remote control (`inspect`, `control`, Flower); false: they answer nobody",
    )
    stall_seconds: float = Field(
        60,
        ge=0,
        le=86_400,
        description="a beat or worker whose loop has stood still this long ends itself; 0: never",
    )
    clock_accept_seconds: float = Field(
        300,
        ge=1,
        le=86_400,
        description="a database clock that has leapt ahead is believed once it has stayed ahead for this long",
    )
    misfire_seconds: float = Field(
        60,
        ge=1,
        description="a firing noticed later than this is marked as a misfire",
    )
    catch_up_per_second: int = Field(
        10, ge=1, le=10_000, description="maximum number of late runs per agent and second after an outage"
    )
    fire_batch: int = Field(
        2000, ge=1, le=20000, description="maximum number of schedules fired in one transaction"
    )
    redispatch_seconds: float = Field(
        4,
        ge=0.5,
        le=3600,
        description="wait before a run whose message was lost is redispatched for the first time",
    )
    queue_limit: int = Field(
        200,
        ge=1,
        description="due runs are dispatched only while the queue is shorter than this; the others wait in the "
        "database, where workspaces take turns",
    )
    retention_days: int = Field(30, ge=1, description="history is deleted after this many days")
    journal_days: int = Field(400, ge=1, description="lines of the journal are deleted after this many days")
    max_body_bytes: int = Field(256 * 1024, ge=1024, description="maximum size of an API request body")
    max_json_depth: int = Field(32, ge=8, le=200, description="maximum nesting depth of a request body")
    max_json_names: int = Field(
        1000, ge=20, description="maximum number of names in all objects of a request body together"
    )
    max_text_bytes: int = Field(
        64 * 1024, ge=1024, description="maximum size of a text in a request body, in UTF-8"
    )
    agent_networks: str = Field(
        "any",
        description="addresses that agents may have: `any`, `public`, or networks beside the public ones, "
        "comma-separated; link-local and metadata addresses are always refused",
    )
    outbound_allow: Annotated[list[str], NoDecode] = Field(
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
    agent_proxy: SecretStr = Field(
        SecretStr(""),
        description="HTTP proxy for agent calls: its URL, or `environment` for HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
    )
    trace_url: str = Field(
        "",
        description="where a trace can be looked at, with `{trace_id}` in it; the console links to it",
    )
    metrics: Literal["off", "token", "open"] = Field(
        "token",
        description="who may read /metrics: `off` nobody, `token` whoever sends ORQ_METRICS_TOKEN, `open` everybody",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token of /metrics, at least 16 characters; without one, and not `open`, there are none",
    )
    metrics_labels: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="comma-separated labels of metrics beside the usual ones: `workspace`, `agent`",
    )
    rate_per_key: int = Field(6000, ge=0, description="requests per minute and API key; 0 disables the limit")
    rate_trigger_per_schedule: int = Field(
        60, ge=0, description="triggers per minute and schedule; 0 disables the limit"
    )

    quota_schedules: int = Field(
        100_000, ge=0, description="maximum number of schedules per workspace; 0 disables the quota"
    )
    quota_payload_bytes: int = Field(
        1024**3,
        ge=0,
        description="maximum size of all stored payloads of a workspace together; 0 disables the quota",
    )
    quota_pending_runs: int = Field(
        100_000,
        ge=0,
        description="maximum number of pending runs that were asked for by hand, per workspace; 0 disables the quota",
    )
    quota_agent_schedules: int = Field(
        0, ge=0, description="maximum number of schedules per agent; 0: only the workspace's quota counts"
    )
    quota_agent_payload_bytes: int = Field(
        0,
        ge=0,
        description="maximum size of all stored payloads of an agent together; 0: only the workspace's quota counts",
    )
    quota_agent_pending_runs: int = Field(
        0,
        ge=0,
        description="maximum number of pending runs that were asked for by hand, per agent; "
        "0: only the workspace's quota counts",
    )
    without: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="comma-separated machinery to switch off in an incident, by the names in docs/upgrading.md",
    )

    @field_validator(
        *(
            "encryption_keys",
            "allowed_hosts",
            "trusted_origins",
            "trusted_proxies",
            "oidc_roles",
            "without",
            "metrics_labels",
            "outbound_allow",
        ),
        mode="before",
    )
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("data_dir", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return value or BASE_DIR / "var"

    @field_validator("redis_url")
    @classmethod
    def _one_server(cls, value: SecretStr) -> SecretStr:
        require_redis_url(value.get_secret_value())
        return value

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if value and is_weak(value.get_secret_value()):
            raise ValueError(f"too weak: {SECRET_KEY_RULE}")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys_that_seal(cls, value: list[SecretStr]) -> list[SecretStr]:
        for position, key in enumerate(value, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(f"key {position} is not a Fernet key (32 bytes, URL-safe base64)") from None
        return value

    @field_validator("agent_networks")
    @classmethod
    def _readable_networks(cls, value: str) -> str:
        read_policy(value)
        return value

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

    @field_validator("trusted_proxies")
    @classmethod
    def _readable_proxies(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(f"{each} is not an address or network, such as 10.0.0.0/8") from None
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _confidential_issuer(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if value and not (
            parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_here))
        ):
            raise ValueError("give an https URL, such as https://login.example.org/realms/main")
        if value and not info.data.get("oidc_client_id"):
            raise ValueError("set ORQ_OIDC_CLIENT_ID as well")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _with_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be among them")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _readable_roles(cls, value: list[str]) -> list[str]:
        for line in value:
            read_line(line)
        return value

    @field_validator("password_login")
    @classmethod
    def _some_way_in(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and not info.data.get("oidc_issuer"):
            raise ValueError("nobody could log in: set ORQ_OIDC_ISSUER first")
        return value

    @field_validator("agent_proxy")
    @classmethod
    def _reachable_proxy(cls, value: SecretStr) -> SecretStr:
        proxy = value.get_secret_value()
        if proxy not in ("", "environment") and not _is_http_address(proxy):
            raise ValueError("give a URL like http://proxy:3128, or environment")
        return value

    @field_validator("trace_url")
    @classmethod
    def _linkable_trace(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and "{trace_id}" in value):
            raise ValueError("give an http(s) URL with {trace_id} in it")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _long_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if token and (len(token) < SHORTEST_METRICS_TOKEN or not token.isascii() or not token.isprintable()):
            raise ValueError(f"give at least {SHORTEST_METRICS_TOKEN} printable ASCII characters")
        return value

    @field_validator("metrics_labels")
    @classmethod
    def _labels_there_are(cls, value: list[str]) -> list[str]:
        if unknown := set(value) - set(METRICS_LABELS):
            raise ValueError(f"{', '.join(sorted(unknown))} is not one of {', '.join(METRICS_LABELS)}")
        return value

    @field_validator("without")
    @classmethod
    def _machinery_there_is(cls, value: list[str]) -> list[str]:
        if unknown := set(value) - set(MACHINERY):
            raise ValueError(f"{', '.join(sorted(unknown))} is not one of {', '.join(MACHINERY)}")
        return value

    @field_validator("heartbeat_seconds")
    @classmethod
    def _three_beats_a_lease(cls, value: float, info: object) -> float:
        lease = getattr(info, "data", {}).get("lease_seconds")
        if lease is not None and value * 2 > lease:
            raise ValueError(
                f"must be at most half of ORQ_LEASE_SECONDS ({lease:g}), so that a lease survives a missed renewal"
            )
        return value

    def uses(self, machinery: str) -> bool:
        """Whether this piece of MACHINERY is on."""
        return machinery not in self.without

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.email_url.get_secret_value())

    @property
    def effective_database_url(self) -> str:
        """The database's URL, with the default filled in."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'db.sqlite3'}"


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
    return location if location in ("DATABASE_URL", "REDIS_URL") else f"ORQ_{location.upper()}"


def _given_value(problem: Any) -> str:
    """The value that was given, except for secrets."""
    return "" if problem["loc"][0] in SECRET_LOCATIONS else f" (got {problem['input']!r})"


def _is_http_address(url: str) -> bool:
    """Whether it is `http://[user:password@]host[:port]`."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


SECRET_KEY_RULE = (
    f"at least {SHORTEST_SECRET_KEY} characters, {FEWEST_CHARACTERS} of them different. Make one with: "
    'python3 -c "import secrets; print(secrets.token_urlsafe(64))"'
)


def is_weak(secret_key: str) -> bool:
    """Whether a signing key can be guessed: whoever does logs in as anybody."""
    return len(secret_key) < SHORTEST_SECRET_KEY or len(set(secret_key)) < FEWEST_CHARACTERS
