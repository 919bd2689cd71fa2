"""Run: one firing's work. Its state changes only along TRANSITIONS, by guarded updates (see runs/transitions.py)."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from schedules.database.ulids import new_ulid
from schedules.models.agent import Agent
from schedules.models.schedule import Schedule
from schedules.models.traceparent import TRACEPARENT_LENGTH
from schedules.models.workspace import Workspace

RESPONSE_ID_LENGTH = 2000
TRIGGER_DELAY = timedelta(seconds=10)
"""A manual run starts not earlier than this after it was asked for (the contract)."""


class RunState(models.TextChoices):
    """The states of the lifecycle diagram in the README."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"


TRANSITIONS: Final = frozenset(
    {
        (RunState.PENDING, RunState.RUNNING),
        (RunState.PENDING, RunState.DISCARDED),
        (RunState.PENDING, RunState.CANCELLED),
        (RunState.RUNNING, RunState.SUCCEEDED),
        (RunState.RUNNING, RunState.FAILED),
        (RunState.RUNNING, RunState.CANCELLED),
        (RunState.RUNNING, RunState.PENDING),
    }
)
"""The transitions there are, and no other: (before, after)."""

FINAL_STATES: Final = frozenset(RunState) - {before for before, _ in TRANSITIONS}
"""States a run stays in."""

UNFINISHED_STATES: Final = tuple(state for state in RunState if state not in FINAL_STATES)
"""States of a run that still has something to do: it can be cancelled, and its history is kept."""

UNSUCCESSFUL_STATES: Final = (RunState.FAILED, RunState.CANCELLED, RunState.DISCARDED)
"""Final states of a run that a person may run again."""


@cache
def states_before(state: RunState) -> tuple[RunState, ...]:
    """From which states a run may get into this one."""
    return tuple(before for before in RunState if (before, state) in TRANSITIONS)


def idempotency_key(run_id: str, schedule_id: str, generation: int, fire_time: datetime | None) -> str:
    """What every attempt of a run sends; a cadence run's even after a failover or a restored backup repeats it.

    `<schedule id>-<generation>-<fire time>`, or the id of a run that a person asked for.
    """
    if fire_time is None:
        return run_id
    compact = fire_time.astimezone(UTC).isoformat(timespec="microseconds")[:26]
    for mark in "-:.":
        compact = compact.replace(mark, "")
    return f"{schedule_id}-{generation}-{compact}Z"


class TriggerKind(models.TextChoices):
    """What asked for the run: the clock or a person."""

    CADENCE = "cadence"
    MANUAL = "manual"


class DiscardReason(models.TextChoices):
    """Why a pending run never started."""

    STALE_GENERATION = "stale_generation"
    SCHEDULE_INACTIVE = "schedule_inactive"
    SCHEDULE_DELETED = "schedule_deleted"
    COALESCED = "coalesced"


class RunQuerySet(models.QuerySet["Run"]):
    """Runs by what may happen to them."""

    def pending(self) -> Self:
        """Waiting to be claimed."""
        return self.filter(state=RunState.PENDING)

    def late_and_waiting(self) -> Self:
        """Late firings that have never started: a newer firing of their schedule takes their place."""
        never_started = Q(trigger=TriggerKind.CADENCE, is_misfire=True, started_at=None)
        return self.pending().filter(never_started)

    def claimable(self, now: datetime) -> Self:
        """Pending and not too early."""
        return self.pending().filter(not_before__lte=now)

    def owned(self, run_id: str, attempt: int) -> Self:
        """The run while this attempt owns it: (id, attempt, running) is the fence, as in `finishing.succeed`."""
        return self.filter(id=run_id, attempt=attempt, state=RunState.RUNNING)

    def expired(self, now: datetime) -> Self:
        """Running, but their lease ran out: the worker is lost."""
        return self.filter(state=RunState.RUNNING, lease_expires_at__lt=now)

    def again_of(self, run_id: str | OuterRef) -> Self:
        """Runs that repeat the work of this one, newest first."""
        return self.exclude(again_of="").filter(again_of=run_id).order_by("-id")

    def again_of_any(self, run_ids: Collection[str]) -> Self:
        """Runs that repeat the work of one of these, newest first.

        That it is not empty is said because no planner proves it of a long list.
        """
        return self.exclude(again_of="").filter(again_of__in=run_ids).order_by("-id")

    def with_retries(self) -> Self:
        """Each with `retried_by`: the newest run that repeats its work, or None."""
        newest = Run.objects.again_of(OuterRef("pk")).values("id")[:1]
        return self.annotate(retried_by=Subquery(newest))

    def to_redispatch(self, now: datetime) -> Self:
        """Pending and due, and no message is under way: none was sent, or it should have been received by now."""
        return self.pending().filter(redispatch_at__lte=now)


class Run(models.Model):
    """One firing's work, with the history of how it went."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    schedule = models.ForeignKey(
        Schedule,
        on_delete=models.PROTECT,
        related_name="runs",
        db_index=False,
        # Its check would write to the schedule's row at each fire. Runs are added to live schedules only, while
        # their row or next fire is locked; only deleted ones without runs ever leave the table.
        db_constraint=False,
    )
    agent = models.ForeignKey(
        Agent,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
        null=True,
        blank=True,
        help_text="Its schedule's, kept here for whoever counts runs",
    )
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
        null=True,
        blank=True,
    )
    generation = models.PositiveBigIntegerField()
    trigger = models.CharField(max_length=10, choices=TriggerKind.choices)
    fire_time = models.DateTimeField(
        null=True, blank=True, help_text="The cadence's instant; none when manual"
    )
    manual_number = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Which of its schedule's manual runs it is, from 1; none where they were not counted",
    )
    is_misfire = models.BooleanField(default=False, help_text="The fire time was noticed late")
    again_of = models.CharField(
        max_length=26, blank=True, default="", db_default="", help_text="The ended run whose work it repeats"
    )
    state = models.CharField(
        max_length=10, choices=RunState.choices, default=RunState.PENDING, db_default=RunState.PENDING
    )
    reason = models.CharField(max_length=40, blank=True, default="", db_default="")
    attempt = models.PositiveIntegerField(default=1, db_default=1)
    max_attempts = models.PositiveIntegerField(default=1, db_default=1)
    first_kept_attempt = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Earlier attempts than this were not kept"
    )
    silent_count = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Attempts that ended in silence: the agent may still be at work"
    )
    not_before = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    redispatch_at = models.DateTimeField()
    redispatch_count = models.PositiveIntegerField(default=0, db_default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=255, blank=True, default="", db_default="")
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the first attempt began")
    attempt_started_at = models.DateTimeField(null=True, blank=True, help_text="When this attempt began")
    finished_at = models.DateTimeField(null=True, blank=True)
    payload = models.JSONField(
        null=True, blank=True, help_text="What every attempt sends; read at the first claim"
    )
    agent_tag = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        help_text="The pinned version, or the active one at the first claim",
    )
    response_id = models.CharField(max_length=RESPONSE_ID_LENGTH, blank=True, default="", db_default="")
    output = models.JSONField(null=True, blank=True)
    output_types = models.JSONField(
        null=True, blank=True, help_text="What kinds of items the output holds, in order of appearance"
    )
    output_text = models.TextField(blank=True, default="", db_default="")
    usage = models.JSONField(null=True, blank=True)
    input_tokens = models.BigIntegerField(null=True, blank=True, help_text="As `usage` counts them")
    output_tokens = models.BigIntegerField(null=True, blank=True)
    cached_tokens = models.BigIntegerField(null=True, blank=True)
    cost = models.BigIntegerField(null=True, blank=True, help_text="In billionths of a dollar")
    error_code = models.CharField(max_length=100, blank=True, default="", db_default="")
    error_message = models.TextField(blank=True, default="", db_default="")
    http_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the reply that the last attempt failed by"
    )
    trace_id = models.CharField(max_length=64, blank=True, default="", db_default="", help_text="Ours")
    agent_trace_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    linked_traceparent = models.CharField(
        max_length=TRACEPARENT_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="The span that asked for it: a request's, or an ended run's",
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "generation", "fire_time"],
                condition=Q(fire_time__isnull=False),
                name="run_one_per_fire_time",
            ),
            models.CheckConstraint(
                condition=Q(trigger=TriggerKind.MANUAL, fire_time__isnull=True)
                | Q(trigger=TriggerKind.CADENCE, fire_time__isnull=False),
                name="run_cadence_has_fire_time",
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.RUNNING, lease_expires_at__isnull=False)
                | (~Q(state=RunState.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="run_running_has_lease",
            ),
            models.CheckConstraint(condition=Q(attempt__gte=1), name="run_attempt_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(F("schedule"), F("id").desc(), name="run_of_schedule"),
            models.Index(  # by owner first: whose agent has no free slot is passed over, however many it has waiting
                fields=["workspace", "agent", "redispatch_at"],
                condition=Q(state=RunState.PENDING),
                name="run_waiting",
            ),
            models.Index(  # the few among the many that succeeded: what an operator looks for
                F("state"),
                F("id").desc(),
                condition=Q(state__in=UNSUCCESSFUL_STATES),
                name="run_unsuccessful",
            ),
            models.Index(fields=["lease_expires_at"], condition=Q(state=RunState.RUNNING), name="run_leased"),
            models.Index(  # the same within a workspace, by state and by reason, and of one agent
                F("workspace"),
                F("state"),
                F("id").desc(),
                condition=Q(state__in=UNSUCCESSFUL_STATES),
                name="run_unsuccessful_of_workspace",
            ),
            models.Index(
                F("workspace"), F("reason"), F("id").desc(), condition=~Q(reason=""), name="run_of_reason"
            ),
            models.Index(
                F("agent"),
                F("state"),
                F("id").desc(),
                condition=Q(state__in=UNSUCCESSFUL_STATES),
                name="run_unsuccessful_of_agent",
            ),
            models.Index(  # one for both: of a whole workspace the newest are found by the key, or the few sorted
                F("workspace"), F("agent"), F("id").desc(), name="run_of_agent"
            ),
            models.Index(  # who repeats the work of a run
                F("again_of"), F("id").desc(), condition=~Q(again_of=""), name="run_again"
            ),
            models.Index(  # each firing asks for the late runs that it replaces: there must be no others in here
                fields=["schedule"], condition=Q(state=RunState.PENDING, is_misfire=True), name="run_late"
            ),
            models.Index(
                fields=["workspace", "agent"], condition=Q(state=RunState.RUNNING), name="run_in_flight"
            ),
            models.Index(  # what an audit counts: the index is enough
                fields=["schedule", "generation", "manual_number"],
                condition=Q(fire_time__isnull=True),
                name="run_manual",
            ),
            models.Index(fields=["id"], condition=Q(attempt__gt=1), name="run_tried_again"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def due_at(self) -> datetime:
        """The instant it was asked for: the fire time, or a trigger's earliest start."""
        return self.fire_time or self.created_at + TRIGGER_DELAY

    @property
    def idempotency_key(self) -> str:
        """What every attempt of it sends."""
        return idempotency_key(self.id, self.schedule_id, self.generation, self.fire_time)

    @property
    def lateness(self) -> timedelta | None:
        """How long after `due_at` its first attempt started; None before that."""
        return self.started_at - self.due_at if self.started_at else None
