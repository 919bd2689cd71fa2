"""What a look-up of one lock says, a look-up that did not reach the database among it."""

import json
from dataclasses import dataclass
from typing import Final

NOT_ASKED: Final = 75
"""The exit status of a look-up that is worth repeating later (`EX_TEMPFAIL`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status`: 0, 1 or NOT_ASKED; `sentence`: for people."""

    status: int
    sentence: str


def verdict_on(printed: str, complaints: str) -> Verdict:
    """Of what pip-audit printed as JSON, or of its complaints when it printed none."""
    try:
        packages = json.loads(printed)["dependencies"]
    except (ValueError, KeyError):
        last = (complaints.strip().splitlines() or ["it said nothing"])[-1]
        return Verdict(NOT_ASKED, f"not checked, the advisory database could not be asked: {last[:200]}")
    known = [f"{each['name']} {each['version']} ({_ids(each)})" for each in packages if each.get("vulns")]
    if known:
        return Verdict(1, f"vulnerable: {', '.join(known)}")
    passed_over = [each["name"] for each in packages if "skip_reason" in each]
    if passed_over:
        return Verdict(
            NOT_ASKED,
            f"not checked, the advisory database did not answer for {len(passed_over)} of {len(packages)} packages",
        )
    return Verdict(0, f"nothing is known of its {len(packages)} packages")


def _ids(package: dict[str, list[dict[str, str]]]) -> str:
    return ", ".join(each["id"] for each in package["vulns"])
