"""What is logged, traced and measured."""

from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator

from orqsite.environment.group import CommaSeparated, Group

METRICS_LABELS: Final = ("workspace", "agent")
SHORTEST_METRICS_TOKEN: Final = 16


class Observing(Group):
    """Logs, traces and metrics."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="lowest level to log")
    log_format: Literal["json", "console"] = Field(
        "json", description="json: one JSON object per line; console: readable text"
    )
    access_log: bool = Field(True, description="one event `request.answered` for each request")
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
    metrics_labels: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated labels of metrics beside the usual ones: `workspace`, `agent`",
    )

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
