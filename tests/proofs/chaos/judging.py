"""The judge of a chaos run: holds what was asked for against what the agents saw. Pure.

A start names its schedule but not its instant, so each schedule is a matching problem: every run that started must
be explained by an instant of its own, and every instant that had to start must have explained one. A lost instant and
an extra run do not cancel each other out unless the extra run began when the lost one might have.

The history ends when everything has come to rest: an instant that is still to come must not be in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.proofs.chaos.answers import by_run, changed_bodies, is_answered, unearned, words_of
from tests.proofs.chaos.cases import Case, Instant, StartedRun
from tests.proofs.chaos.excuses import excuses_of, is_founded
from tests.proofs.chaos.history import End, Excused, Expected, History, Start
from tests.proofs.chaos.verdicts import Defect, Finding, Lateness, Verdict

EARLY_WITHIN_SECONDS = 60.0
"""A run that began longer than this before an instant is not that instant's run, too early, but another one."""

Named = TypeVar("Named", Expected, Start, Excused)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far clocks and messages may be apart, in seconds, before it counts as a defect."""

    early: float = 0.05
    stale: float = 1.0
    """A run that is claimed before its schedule is withdrawn reaches the agent a moment later."""
    held: float = 2.0
    """A hold promises to take effect within that time: a claim that waited for a lock may not have seen it."""


def judge(history: History, tolerance: Tolerance | None = None, example_count: int = 10) -> Verdict:
    """Judge the whole history; at most `example_count` examples of each defect are told in words."""
    findings = [
        *_started_twice(history.starts),
        *changed_bodies(history.starts),
        *unearned(history),
    ]
    explained: list[tuple[Instant, StartedRun]] = []
    owed_count = run_count = 0
    for case in _cases(history):
        owed_count += sum(instant.is_owed for instant in case.instants)
        run_count += len(case.runs)
        pairs = _judge_case(case, tolerance or Tolerance())
        _check_calls(case, pairs, history.ends)
        explained += pairs
        findings += case.findings
    waits = [(instant.expected, instant.wait(run)) for instant, run in explained if instant.is_owed]
    return Verdict(
        instant_count=len(history.expected),
        owed_count=owed_count,
        run_count=run_count,
        start_count=len(history.starts),
        defect_counts=Counter(finding.defect for finding in findings),
        examples=tuple(_examples(findings, example_count)),
        held_count=sum(instant.is_held for instant in history.expected),
        uncertain_count=sum(not instant.is_certain for instant in history.expected),
        lateness=Lateness.of([wait for _, wait in waits]),
        calm_lateness=Lateness.of([wait for one, wait in waits if not _is_troubled(one, history)]),
        out_of_order_count=_out_of_order(history.starts),
        after_withdrawal_count=sum(instant.is_over_at(run.last_at) for instant, run in explained),
    )


def _cases(history: History) -> Iterator[Case]:
    expected, starts = _by_subject(history.expected), _by_subject(history.starts)
    excused = _by_subject(history.excused)
    for subject in sorted(expected.keys() | starts.keys()):
        wanted = sorted(expected[subject], key=lambda instant: instant.due_at)
        excuses = excuses_of(wanted, excused[subject])
        instants = [Instant(instant, excuses.get(at)) for at, instant in enumerate(wanted)]
        yield Case(subject, sorted(instants, key=_preference), _runs(starts[subject]))


def _preference(instant: Instant) -> int:
    """What must have started comes first, what cannot have started last; within each the oldest first."""
    if instant.is_owed:
        return 0
    return 2 if instant.is_closed else 1


def _runs(starts: Iterable[Start]) -> list[StartedRun]:
    runs = [_run(run_id, attempts) for run_id, attempts in by_run(starts).items()]
    return sorted(runs, key=lambda run: run.first_at)


def _run(run_id: str, attempts: Sequence[Start]) -> StartedRun:
    first, *_, last = sorted([*attempts, attempts[0]], key=lambda start: start.at)
    moments = tuple(start.at for start in attempts)
    return StartedRun(run_id, first.at, last.at, moments, is_answered(attempts), words_of(attempts))


def _judge_case(case: Case, tolerance: Tolerance) -> list[tuple[Instant, StartedRun]]:
    """Report what is wrong with this subject; the instants that explain a run, with it."""
    instants = case.instants
    explained = case.take(lambda instant, run: _explains(instant, run, tolerance))
    for instant, run in explained:
        if instant.is_closed and instant.excuse:
            said = f"the instant at {instant.expected.due_at:.3f} is {instant.excuse.reason}"
            case.report(Defect.CONTRADICTED, f"{said}, and run {run.run_id} started at {run.first_at:.3f}")
    _check_excuses(case, instants, [instant.expected for instant, _ in explained])
    _explain_the_rest(case, tolerance)
    return explained


def _check_calls(
    case: Case, explained: Iterable[tuple[Instant, StartedRun]], ends: Mapping[str, End]
) -> None:
    """What had to start must have ended with an answer, and have said what it had to."""
    for instant, run in explained:
        words = instant.expected.words
        if instant.is_owed and not run.is_answered and ends.get(run.run_id) is not End.REFUSED:
            case.report(Defect.UNFINISHED, f"run {run.run_id} started at {run.first_at:.3f}")
        if words is not None and run.words - {words}:
            case.report(Defect.OLD_PAYLOAD, f"run {run.run_id} did not say {words}")


def _is_troubled(expected: Expected, history: History) -> bool:
    return any(begin <= expected.due_at <= end for begin, end in history.troubled)


def _check_excuses(case: Case, instants: Iterable[Instant], began: Sequence[Expected]) -> None:
    for instant in instants:
        if instant.excuse and not is_founded(instant.excuse, instant.expected, began):
            said = f"the instant at {instant.expected.due_at:.3f} is {instant.excuse.reason}"
            case.report(Defect.UNFOUNDED, f"{said}, and nothing happened that makes it so")


def _explain_the_rest(case: Case, tolerance: Tolerance) -> None:
    """What no instant explains in order: too early, too late after a withdrawal, or of nothing; and what is lost."""
    for instant, run in case.take(lambda instant, run: _is_early(instant, run, tolerance)):
        early = instant.expected.due_at - run.first_at
        case.report(
            Defect.EARLY, f"run {run.run_id} started {early:.3f} s before {instant.expected.due_at:.3f}"
        )
    for instant, run in case.take(_is_stale):
        withdrawn_at = instant.expected.withdrawn_at
        case.report(
            Defect.STALE, f"run {run.run_id} started at {run.last_at:.3f}, withdrawn at {withdrawn_at:.3f}"
        )
    for instant, run in case.take(lambda instant, run: _is_stopped(instant, run, tolerance)):
        due_at = instant.expected.due_at
        case.report(
            Defect.HELD, f"run {run.run_id} of {due_at:.3f} started at {run.last_at:.3f}, under a hold"
        )
    for run in case.runs:
        case.report(
            Defect.EXTRA, f"run {run.run_id} started at {run.first_at:.3f}, and no instant is left for it"
        )
    for instant in filter(lambda instant: instant.is_owed, case.instants):
        said = f"the {instant.expected.kind} at {instant.expected.due_at:.3f}"
        if instant.expected.is_held:
            case.report(Defect.UNRECORDED, f"{said} came due under a hold, and nothing says so")
        else:
            case.report(Defect.LOST, f"{said} never started")


def _explains(instant: Instant, run: StartedRun, tolerance: Tolerance) -> bool:
    """All starts of the run lie where the instant's may: a retry after the withdrawal is as stale as a first try."""
    due_at, withdrawn_at = instant.expected.due_at, instant.expected.withdrawn_at
    is_in_time = withdrawn_at is None or run.last_at <= withdrawn_at + tolerance.stale
    is_begun = due_at - tolerance.early <= run.first_at
    return is_begun and is_in_time and not _is_stopped(instant, run, tolerance)


def _is_stopped(instant: Instant, run: StartedRun, tolerance: Tolerance) -> bool:
    """Of an instant under a hold no start may be at all, of others none while a hold has been in force."""
    expected = instant.expected
    if run.first_at < expected.due_at - tolerance.early:
        return False
    return expected.is_held or any(
        hold.since + tolerance.held < at < hold.until for hold in expected.holds for at in run.started_at
    )


def _is_early(instant: Instant, run: StartedRun, tolerance: Tolerance) -> bool:
    wait = instant.expected.due_at - run.first_at
    return tolerance.early < wait <= EARLY_WITHIN_SECONDS


def _is_stale(instant: Instant, run: StartedRun) -> bool:
    """Of what is left: a run that began when it might, or later, and started again or first after the withdrawal."""
    expected = instant.expected
    return expected.withdrawn_at is not None and expected.due_at <= run.first_at


def _started_twice(starts: Iterable[Start]) -> Iterator[Finding]:
    seen = defaultdict(list)
    for start in starts:
        seen[start.run_id, start.attempt].append(start)
    for (run_id, attempt), same in seen.items():
        for start in same[1:]:
            words = f"{start.subject}: run {run_id} attempt {attempt} started again at {start.at:.3f}"
            yield Finding(Defect.STARTED_TWICE, f"{Defect.STARTED_TWICE}: {words}")


def _out_of_order(starts: Iterable[Start]) -> int:
    latest: dict[str, int] = {}
    count = 0
    for start in sorted(starts, key=lambda start: start.at):
        count += start.attempt < latest.get(start.run_id, 0)
        latest[start.run_id] = max(start.attempt, latest.get(start.run_id, 0))
    return count


def _examples(findings: Sequence[Finding], count: int) -> Iterator[Finding]:
    told: Counter[Defect] = Counter()
    for finding in findings:
        told[finding.defect] += 1
        if told[finding.defect] <= count:
            yield finding


def _by_subject(things: Iterable[Named]) -> dict[str, list[Named]]:
    grouped: dict[str, list[Named]] = defaultdict(list)
    for thing in things:
        grouped[thing.subject].append(thing)
    return grouped
