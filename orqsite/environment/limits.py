"""How much clients may send and ask, and a workspace may have."""

from pydantic import Field

from orqsite.environment.group import Group


class Limits(Group):
    """Sizes, rates and quotas."""

    max_body_bytes: int = Field(256 * 1024, ge=1024, description="maximum size of an API request body")
    max_json_depth: int = Field(32, ge=8, le=200, description="maximum nesting depth of a request body")
    max_json_names: int = Field(
        1000, ge=20, description="maximum number of names in all objects of a request body together"
    )
    max_text_bytes: int = Field(
        64 * 1024, ge=1024, description="maximum size of a text in a request body, in UTF-8"
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
