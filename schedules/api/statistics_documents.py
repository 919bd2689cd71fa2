"""What clients get of an agent's statistics."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from schedules.api.documents import Count, Document, Seconds
from schedules.models.tally import BILLIONTH
from schedules.tallies.statistics import STATES


class Dollars(serializers.FloatField):
    """Billionths of a dollar, as dollars."""

    def to_representation(self, value: int) -> float:  # type: ignore[override]
        """With as many decimals as there are."""
        return value / BILLIONTH


@extend_schema_serializer(component_name="PublicStateCounts")
class StateCountsDocument(Document):
    """Runs by the state that they ended in."""

    succeeded = Count(help_text="Their agent answered.")
    failed = Count(help_text="Their last attempt failed.")
    cancelled = Count(help_text="A person or a key ended them.")
    discarded = Count(help_text="They never started.")


@extend_schema_serializer(component_name="PublicTriggerCounts")
class TriggerCountsDocument(Document):
    """Runs by what asked for them."""

    cadence = Count(help_text="The cadence, on time.")
    late = Count(help_text="The cadence, for a fire time that was noticed late.")
    manual = Count(help_text="A person or a key: run now.")
    again = Count(help_text="A person or a key: run again.")


@extend_schema_serializer(component_name="PublicReasonCount")
class ReasonCountDocument(Document):
    """Runs that ended in one state for one reason."""

    state = serializers.ChoiceField(STATES, help_text="How they ended.")
    reason = serializers.CharField(help_text="Why: what `reason` of a run says.")
    count = Count(help_text="How many runs they are.")


@extend_schema_serializer(component_name="PublicRunCounts")
class RunCountsDocument(Document):
    """The runs that have ended."""

    count = Count(source="run_count", help_text="How many they are.")
    by_state = StateCountsDocument(help_text="By how they ended.")
    by_trigger = TriggerCountsDocument(help_text="By what asked for them.")
    by_reason = ReasonCountDocument(
        many=True,
        help_text="By why they did not succeed, the most frequent first; without those that have none.",
    )


@extend_schema_serializer(component_name="PublicMissedReasonCount")
class MissedReasonDocument(Document):
    """Fire times that were missed for one reason."""

    reason = serializers.CharField(help_text="The reason that they have in common.")
    count = Count(help_text="How many fire times they are.")


@extend_schema_serializer(component_name="PublicMissedCounts")
class MissedCountsDocument(Document):
    """Fire times that never get a run of their own."""

    count = Count(source="missed_count", help_text="How many they are.")
    by_reason = MissedReasonDocument(
        many=True, source="missed_by_reason", help_text="By why, the most frequent first."
    )


@extend_schema_serializer(component_name="PublicAttemptCounts")
class AttemptCountsDocument(Document):
    """The attempts of the runs by what they came to."""

    succeeded = Count(help_text="The agent answered.")
    failed = Count(help_text="It answered with an error, or not at all.")
    lost = Count(help_text="Their worker was gone.")
    cancelled = Count(help_text="They were ended by a person or a key.")


@extend_schema_serializer(component_name="PublicTokenCounts")
class TokenCountsDocument(Document):
    """What the agent has reported; each is absent where no answer has said any, which is not zero."""

    input = Count(required=False, help_text="Tokens of what was sent.")
    output = Count(required=False, help_text="Tokens of the answers.")
    cached = Count(
        required=False, help_text="Tokens of what was sent that came from a cache; part of `input`."
    )


def _percentile(percent: int) -> Seconds:
    return Seconds(
        source=f"p{percent}",
        required=False,
        help_text=f"{percent} percent took at most this long: the upper end of a bucket. Absent where nothing was "
        "measured, and where it is more than 3,600 seconds.",
    )


@extend_schema_serializer(component_name="PublicSpread")
class SpreadDocument(Document):
    """How something spreads that takes time.

    The buckets end at 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900 and 3,600 seconds.
    """

    count = Count(help_text="How many were measured.")
    mean_seconds = Seconds(
        source="mean", required=False, help_text="Their mean, exactly; absent without any."
    )
    p50_seconds = _percentile(50)
    p90_seconds = _percentile(90)
    p99_seconds = _percentile(99)


@extend_schema_serializer(component_name="PublicStatisticsStep")
class StepDocument(Document):
    """One hour or day."""

    at = serializers.DateTimeField(
        help_text="When it begins, UTC. The first and the last day may be cut short."
    )
    runs = Count(source="run_count", help_text="Runs that have ended.")
    failed = Count(source="failed_count", help_text="Those of them that failed.")
    missed = Count(source="missed_count", help_text="Fire times that were missed.")
    cost_usd = Dollars(source="cost", required=False, help_text="As far as it is known; absent: not at all.")


@extend_schema_serializer(component_name="PublicAgentStatistics")
class StatisticsDocument(Document):
    """An agent's runs over a period."""

    agent_key = serializers.CharField(help_text="The agent whose runs they were.")
    to = serializers.DateTimeField(source="period.end", help_text="The end of its last hour.")
    runs = RunCountsDocument(source="*", help_text="The runs that were due in the period and have ended.")
    missed = MissedCountsDocument(
        source="*",
        help_text="Fire times without a run; those missed together count in the hour of the last one.",
    )
    attempts = AttemptCountsDocument(source="by_outcome", help_text="All attempts of these runs.")
    tokens = TokenCountsDocument(help_text="What their last attempts have used.")
    cost_usd = Dollars(
        source="cost",
        required=False,
        help_text="What they cost in US dollars, as far as it is known; absent: not.",
    )
    unpriced_count = Count(help_text="Runs whose tokens are known, but not their price.")
    lateness = SpreadDocument(help_text="From due to the start of the first attempt, of runs that started.")
    duration = SpreadDocument(help_text="The length of the attempts.")
    step = serializers.ChoiceField(
        ["hour", "day"], source="period.step_name", help_text="What the series goes by."
    )
    series = StepDocument(
        many=True, help_text="Each hour of a period of up to two days, else each day; the oldest first."
    )

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which is not a name that Python allows."""
        first = serializers.DateTimeField(source="period.first", help_text="The beginning of its first hour.")
        return {"from": first} | super().get_fields()
