"""What a chaos run showed, for people and as JSON."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.proofs.chaos.campaign import Outcome


def table(outcome: Outcome) -> str:
    """The whole report as text."""
    campaign = outcome.campaign
    head = (
        f"{outcome.site_name}: {campaign.seconds:g} s at about {campaign.rate:g} starts/s, seed {campaign.seed}, "
        f"{len(outcome.faults)} faults"
    )
    closing = [f"{name:<36}{value}" for name, value in _closing(outcome)]
    problems = [f"PROBLEM: {problem}" for problem in outcome.problems]
    end = "clean" if outcome.is_clean else "NOT CLEAN"
    return "\n".join([head, "", *_faults(outcome), "", str(outcome.verdict), *closing, *problems, end])


def write_json(outcome: Outcome, path: Path) -> None:
    """Everything but the starts themselves, for a machine."""
    path.write_text(json.dumps(as_json(outcome), indent=2) + "\n")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The figures of a run."""
    campaign, verdict = outcome.campaign, outcome.verdict
    return {
        "site": outcome.site_name,
        "seed": campaign.seed,
        "seconds": campaign.seconds,
        "rate": campaign.rate,
        "is_clean": outcome.is_clean,
        "faults": [asdict(fault) | {"words": str(fault)} for fault in outcome.faults],
        "back_at_work_seconds": outcome.back_at_work,
        "deaths": outcome.deaths,
        "instants": verdict.instant_count,
        "owed": verdict.owed_count,
        "runs": verdict.run_count,
        "attempts": verdict.start_count,
        "defects": {str(defect): count for defect, count in verdict.defect_counts.items()},
        "examples": [finding.words for finding in verdict.examples],
        "out_of_order": verdict.out_of_order_count,
        "held": verdict.held_count,
        "uncertain": verdict.uncertain_count,
        "lateness_seconds": asdict(verdict.lateness),
        "calm_lateness_seconds": asdict(verdict.calm_lateness),
        "drain_seconds": outcome.drain_seconds,
        "problems": outcome.problems,
        "closing": dict(outcome.closing_lines),
    }


def _faults(outcome: Outcome) -> list[str]:
    counts = Counter(fault.kind for fault in outcome.faults)
    lines = [f"{'fault':<28}{'times':>6}{'back at work: median':>22}{'longest':>10}"]
    for kind, count in sorted(counts.items()):
        seconds = outcome.back_at_work[kind] or [float("nan")]
        words = kind.replace("_", " ")
        lines.append(f"{words:<28}{count:>6}{median(seconds):>20.2f} s{max(seconds):>8.2f} s")
    return lines


def _closing(outcome: Outcome) -> list[tuple[str, str]]:
    deaths = ", ".join(f"{name} {count}" for name, count in outcome.deaths.items())
    return [
        ("programs ended", deaths),
        ("drained after the last fault in", f"{outcome.drain_seconds:.1f} s"),
        *outcome.closing_lines,
    ]
