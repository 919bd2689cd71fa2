"""Draws fires/s against N beside the peers from the kept JSON: `python3 manage.py bench plot` writes bench/herd.svg.

matplotlib lives in an environment of its own, like the peers: run as a module there, this file draws.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DRAWING = HERE / "herd.svg"


def plot() -> Path:
    """Draw what `bench herd` kept; the drawing's path."""
    from bench.environments import python_of
    from bench.reporting import FOLDER

    source = FOLDER / "herd.json"
    assert source.exists(), "First measure: python3 manage.py bench herd"
    subprocess.run([python_of("plot"), __file__, str(source), str(DRAWING)], check=True)
    return DRAWING


def _draw(source: Path, target: Path) -> None:
    import matplotlib as mpl  # type: ignore[import-not-found]  # it is in another environment

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "herd"  # the same numbers give the same file
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2))
    for name, points in _series(json.loads(source.read_text())).items():
        counts, rates = zip(*points, strict=True)
        axes.loglog(counts, rates, marker="o", linewidth=3 if name == "ours" else 1.5, label=name)
    axes.set_xlabel("schedules due in the same second")
    axes.set_ylabel("fires a second")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def _series(kept: dict[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """The points of each scheduler, in the order of N."""
    series: dict[str, list[tuple[int, float]]] = {}
    for name, count, rate, *_ in kept["rows"]:
        series.setdefault(name, []).append((count, rate))
    return {name: sorted(points) for name, points in series.items()}


if __name__ == "__main__":
    _draw(Path(sys.argv[1]), Path(sys.argv[2]))
