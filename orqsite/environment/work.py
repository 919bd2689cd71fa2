"""How beats and workers work."""

from typing import Final

from pydantic import Field, field_validator

from orqsite.environment.group import CommaSeparated, Group

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


class Work(Group):
    """Times, amounts and what may be switched off."""

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
    worker_stop_seconds: float = Field(
        60,
        ge=0,
        le=86_400,
        description="whoever stops a worker kills it after this long; five seconds before that, calls that have "
        "not ended are handed back to other workers",
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
    without: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated machinery to switch off in an incident, by the names in docs/upgrading.md",
    )

    @field_validator("heartbeat_seconds")
    @classmethod
    def _three_beats_a_lease(cls, value: float, info: object) -> float:
        lease = getattr(info, "data", {}).get("lease_seconds")
        if lease is not None and value * 2 > lease:
            raise ValueError(
                f"must be at most half of ORQ_LEASE_SECONDS ({lease:g}), so that a lease survives a missed renewal"
            )
        return value

    @field_validator("without")
    @classmethod
    def _machinery_there_is(cls, value: list[str]) -> list[str]:
        if unknown := set(value) - set(MACHINERY):
            raise ValueError(f"{', '.join(sorted(unknown))} is not one of {', '.join(MACHINERY)}")
        return value
