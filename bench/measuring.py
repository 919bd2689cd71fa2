"""How measurements are taken: rounds in which all contenders take turns, medians over the rounds, the load beside."""

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_LOAD_BEFORE = os.getloadavg()[0]
"""When this was imported: before anything was measured."""


@dataclass(slots=True)
class Series:
    """The values of one contender, one a round."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        """The smallest and the largest value."""
        return f"{min(self.values):,.4g}-{max(self.values):,.4g}"


def interleaved(
    contenders: Mapping[str, Callable[[], float]], rounds: int, *, is_quiet: bool = False
) -> dict[str, Series]:
    """Measure every contender once a round, in another order each round; a slow minute hits all alike."""
    series = {name: Series() for name in contenders}
    order = list(contenders)
    for number in range(rounds):
        random.Random(number).shuffle(order)  # noqa: S311
        for name in order:
            value = contenders[name]()
            series[name].values.append(value)
            if not is_quiet:
                print(f"  round {number + 1}: {name:<34} {value:>12,.4g}", flush=True)
    return series


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that is not below `percent` of the others; `ordered` ascends."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def machine() -> dict[str, object]:
    """What the numbers were taken on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": _LOAD_BEFORE,
        "taken_at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
