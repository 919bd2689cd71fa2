"""The metrics of docs/metrics.md, made of what the database says at the moment of the question."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from schedules.alerts.rules import OPENING as RULES
from schedules.database.clock import estimated_now
from schedules.metrics import gauges
from schedules.metrics.counters import OPEN, Counted, counted
from schedules.metrics.schedule_counts import ACTIVE, FAILING, FINISHED, HELD, PAUSED
from schedules.models import ATTEMPT_OUTCOMES, Channel, ProcessKind, ProcessRegistration
from schedules.models.tally import BILLIONTH, BUCKET_COLUMNS, BUCKETS, MISSED, OUTCOMES
from schedules.version import VERSION

PREFIX: Final = "agent_schedules"
TRIGGERS: Final = ("cadence", "late", "manual", "again")
CURRENCY: Final = "USD"
TOKENS: Final = ("input", "output", "cached")

Values = tuple[str, ...]
Amount = Callable[[Counted], float]


class ServiceCollector(Collector):
    """Asks the database eight times and the broker once, however much there is. `labels`: of workspace and agent."""

    def __init__(self, labels: Collection[str] = ()) -> None:
        self._labels = tuple(label for label in ("workspace", "agent") if label in labels)

    def collect(self) -> Iterator[Metric]:
        """Every metric, each once."""
        now = estimated_now()
        everything = counted(self._labels)
        yield _gauge("build_info", "Which version answers", ("version",), {(VERSION,): 1})
        yield from _of_due(now)
        yield from _of_processes(gauges.processes())
        yield from _of_ledger()
        yield _of_incidents()
        yield from _of_schedules("workspace" in self._labels)
        yield from self._of_open_runs(everything)
        yield from self._of_runs([each for each in everything if each.state not in (*OPEN, MISSED)])
        yield _of_deliveries()
        yield self._counter(
            "missed_firings",
            "Fire times that never get a run of their own",
            "reason",
            [each for each in everything if each.state == MISSED],
        )

    def _of_open_runs(self, everything: list[Counted]) -> Iterator[Metric]:
        """Runs that are open are fired, too."""
        labels = (*self._labels, "state")
        still_open = {(*self._nobody, state): 0.0 for state in OPEN}
        still_open |= _summed(
            everything, lambda each: (*each.labels, each.state) if each.state in OPEN else None
        )
        yield _gauge("runs", "Runs that wait or work", labels, still_open)
        fired = {(*self._nobody, trigger): 0.0 for trigger in TRIGGERS} if not self._labels else {}
        fired |= _summed(
            everything, lambda each: (*each.labels, each.trigger) if each.state != MISSED else None
        )
        words = "Runs that were fired by the clock or asked for by people"
        yield _counter_of("fires", words, (*self._labels, "trigger"), fired)

    @property
    def _nobody(self) -> Values:
        return ("",) * len(self._labels)

    def _of_runs(self, ended: list[Counted]) -> Iterator[Metric]:
        runs = _summed(ended, lambda each: (*each.labels, each.state, each.reason, each.trigger))
        yield _counter_of("runs", "Runs that have ended", (*self._labels, "state", "reason", "trigger"), runs)
        attempts = {
            (*labels, outcome): amount
            for outcome in OUTCOMES
            for labels, amount in self._sums(ended, f"attempts_{outcome}").items()
        }
        yield _counter_of("attempts", "Attempts of ended runs", (*self._labels, "outcome"), attempts)
        tokens = {
            (*labels, kind): amount
            for kind in TOKENS
            for labels, amount in self._sums(ended, f"{kind}_tokens").items()
        }
        yield _counter_of("tokens", "Tokens that agents have reported", (*self._labels, "type"), tokens)
        costs = self._sums(ended, "cost")
        spent = {(*labels, CURRENCY): amount / BILLIONTH for labels, amount in costs.items()}
        yield _counter_of(
            "cost", "What runs have cost, as far as it is known", (*self._labels, "currency"), spent
        )
        yield self._histogram(
            "run_lateness_seconds", "From due to the start of the first attempt", "lateness", ended
        )
        yield self._histogram("attempt_duration_seconds", "Length of an attempt", "duration", ended)

    def _sums(self, ended: list[Counted], column: str) -> dict[Values, float]:
        """By labels; zero where there is nothing, for as long as nobody asks for labels."""
        nothing = {} if self._labels else {(): 0.0}
        return nothing | _summed(ended, lambda each: each.labels, lambda each: each.columns.get(column, 0))

    def _counter(self, name: str, words: str, label: str, chosen: list[Counted]) -> Metric:
        sums = _summed(chosen, lambda each: (*each.labels, getattr(each, label)))
        return _counter_of(name, words, (*self._labels, label), sums)

    def _histogram(self, name: str, words: str, kind: str, ended: list[Counted]) -> Metric:
        family = HistogramMetricFamily(f"{PREFIX}_{name}", words, labels=self._labels)
        counts, sums = self._sums(ended, f"{kind}_count"), self._sums(ended, f"{kind}_sum")
        columns = [self._sums(ended, column) for column in BUCKET_COLUMNS[kind]]
        for labels in sorted(counts):
            within, buckets = 0.0, []
            for bound, column in zip(BUCKETS, columns, strict=True):
                within += column[labels]
                buckets.append((str(bound / 1000), within))
            family.add_metric(labels, [*buckets, ("+Inf", counts[labels])], sums[labels] / 1000)
        return family


def _of_due(now: datetime) -> Iterator[Metric]:
    due = gauges.due(now)
    yield _gauge("next_fires_due", "Fire times that have come and were not fired", (), {(): due.count})
    yield _gauge("oldest_due_seconds", "How long the oldest of them has waited", (), {(): due.oldest_seconds})
    waited: dict[Values, float] = {(): gauges.oldest_due_run_seconds(now)}
    yield _gauge("oldest_due_run_seconds", "How long the oldest run has waited that may start", (), waited)
    length = gauges.broker_messages()
    lengths: dict[Values, float] = {} if length is None else {(): length}
    yield _gauge(
        "broker_messages", "Messages that wait on the queue; absent: the broker is away", (), lengths
    )


def _of_processes(processes: list[ProcessRegistration]) -> Iterator[Metric]:
    beats = {_name(each): each for each in processes if each.kind == ProcessKind.BEAT}
    workers = {_name(each): each for each in processes if each.kind == ProcessKind.WORKER}
    seen = {name: each.last_seen_at.timestamp() for name, each in beats.items()}
    yield _gauge("beat_last_tick_timestamp_seconds", "When a beat last went round", ("beat",), seen)
    seen = {name: each.last_seen_at.timestamp() for name, each in workers.items()}
    yield _gauge("worker_last_seen_timestamp_seconds", "When a worker last went round", ("worker",), seen)
    in_flight = {name: float(each.in_flight_count) for name, each in workers.items()}
    yield _gauge("worker_in_flight", "Calls that a worker has in flight", ("worker",), in_flight)


def _name(process: ProcessRegistration) -> Values:
    return (f"{process.host}:{process.pid}",)


def _of_deliveries() -> Metric:
    """All of them from the beginning: a rate needs a first value to begin from."""
    counts: dict[Values, float] = {
        (channel, outcome): 0.0 for channel in Channel.values for outcome in ATTEMPT_OUTCOMES
    }
    counts |= {(channel, outcome): count for channel, outcome, count in gauges.deliveries()}
    words = "Attempts to tell an endpoint, by what each came to"
    return _counter_of("deliveries", words, ("channel", "outcome"), counts)


def _of_ledger() -> Iterator[Metric]:
    known = gauges.ledger()
    findings: dict[Values, float] = {} if known is None else {(): known[0]}
    audited: dict[Values, float] = {} if known is None else {(): known[1].timestamp()}
    yield _gauge("ledger_findings", "What is wrong since the last audit of all history", (), findings)
    yield _gauge("ledger_audited_timestamp_seconds", "When the ledger was last audited", (), audited)


def _of_schedules(is_by_workspace: bool) -> Iterator[Metric]:
    counts: dict[Values, float] = defaultdict(float)
    labels = ("workspace",) if is_by_workspace else ()
    for workspace, state, count in gauges.schedule_counts():
        counts[(*((workspace,) if is_by_workspace else ()), state)] += count
    if counts and not is_by_workspace:
        counts = {(state,): 0.0 for state in (ACTIVE, HELD, PAUSED, FINISHED, FAILING)} | counts
    states = {key: count for key, count in counts.items() if key[-1] != FAILING}
    failing = {key[:-1]: count for key, count in counts.items() if key[-1] == FAILING}
    yield _gauge("schedules", "Schedules, counted once a minute", (*labels, "state"), states)
    yield _gauge("schedules_failing", "Schedules whose last failure no success has followed", labels, failing)


def _of_incidents() -> Metric:
    counts: dict[Values, float] = {(rule,): 0.0 for rule in RULES}
    counts |= {(rule,): count for rule, count in gauges.open_incidents().items()}
    return _gauge("incidents_open", "Incidents that are open", ("rule",), counts)


def _summed(
    rows: Iterable[Counted],
    key: Callable[[Counted], Values | None],
    amount: Amount = lambda each: each.columns.get("run_count", 0),
) -> dict[Values, float]:
    sums: dict[Values, float] = defaultdict(float)
    for row in rows:
        if (values := key(row)) is not None:
            sums[values] += amount(row)
    return dict(sums)


def _gauge(name: str, words: str, labels: Values, values: dict[Values, float]) -> Metric:
    return _filled(GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=labels), values)


def _counter_of(name: str, words: str, labels: Values, values: dict[Values, float]) -> Metric:
    return _filled(CounterMetricFamily(f"{PREFIX}_{name}", words, labels=labels), values)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: dict[Values, float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for labels, value in sorted(values.items()):
        family.add_metric(labels, value)
    return family
