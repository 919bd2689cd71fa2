"""What each piece of machinery that bends a library gains: everything on, beside the same without that one piece.

A piece is switched off as in an incident, by ORQ_WITHOUT. What is measured is the operation that it speeds up, whole:
a run, a request, a trigger. Processor time, of our process and of its share of PostgreSQL and Valkey: it hardly
depends on who else uses the machine.
"""

from collections.abc import Sequence
from functools import partial
from statistics import median

from bench import (
    machinery_calls,
    machinery_late,
    machinery_processes,
    machinery_runs,
    machinery_starts,
    population,
)
from bench.machinery_cost import Cost, Part, Variant
from bench.measuring import Series, interleaved, machine
from bench.reporting import Report, shown
from bench.servers import Servers
from schedules.models import Agent, ApiKey, Workspace

ROOMS = (
    machinery_runs,
    machinery_late,
    machinery_processes,
    machinery_starts,
    machinery_calls,
)


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """A row for each variant of each operation; the gain is what the operation costs less with the piece."""
    columns = ("operation", "variant", "unit", "ours", "with servers", "range", "gain")
    report = Report("machinery", columns, machine())
    report.note(
        "Processor time of one operation: of our process, and with its share of PostgreSQL and Valkey; medians. The"
        " gain is the median over the rounds of what everything on costs less than the variant in the same round."
    )
    for room in ROOMS:
        _clear()
        with room.parts(servers, is_quick=is_quick) as parts:
            for part in parts:
                _add(report, part, rounds)
    return report


def _clear() -> None:
    population.clear()
    for model in (ApiKey, Agent, Workspace):
        model.objects.all().delete()


def _add(report: Report, part: Part, rounds: int) -> None:
    print(part.operation, flush=True)
    costs: dict[str, list[Cost]] = {variant.name: [] for variant in part.variants}

    def measured(variant: Variant) -> float:
        cost = part.measure(variant)
        costs[variant.name].append(cost)
        return cost.total

    ways = {variant.name: partial(measured, variant) for variant in part.variants}
    totals = interleaved(ways, rounds * part.turns, is_quiet=True)
    base = part.variants[0].name
    for name, series in totals.items():
        ours = Series([cost.ours for cost in costs[name]]).median
        gain = "" if name == base else _gain(totals[base].values, series.values)
        cells = (part.operation, name, part.unit, ours, series.median, series.spread, gain)
        print(*map(shown, cells), flush=True)
        report.row(*cells)


def _gain(with_it: Sequence[float], without: Sequence[float]) -> str:
    """The median over the rounds: both of a round have met the same machine."""
    ratios = [mine / other for mine, other in zip(with_it, without, strict=True) if other]
    return f"{(1 - median(ratios)) * 100:.0f} %" if ratios else ""
