"""Schemathesis as a program in its own environment, and what it and its hooks had to say."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.environments import ROOT, python_in
from tests.proofs.fuzz.given import VARIABLE, Given

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
RUN_SECONDS: Final = 180
"""Far more than a run takes: a loaded machine is no failure."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """Requests of one kind by one caller."""

    name: str
    mode: str
    """`positive`: as described; `negative`: not so. Not `all`: looking for both, Schemathesis takes seconds for each
    operation that has nothing to get wrong."""
    caller: str | None
    """The attribute of Given that is the caller's token; None: without a key."""
    examples: int
    """Random cases of an operation, on top of those at the boundaries."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign."""

    status: int
    output: str
    answers: list[dict[str, Any]]
    """`operation`, `is_own_method` (another method of its path was tried), `status` of every answer."""

    def statuses(self, operation: str) -> set[int]:
        """What an operation answered to its own method."""
        return {
            answer["status"]
            for answer in self.answers
            if (answer["operation"], answer["is_own_method"]) == (operation, True)
        }


def run(campaign: Campaign, base_url: str, given: Given, folder: Path) -> Outcome:
    """Send the campaign's requests: always the same ones, but for the ids in them."""
    answers = folder / f"{campaign.name}.jsonl"
    done = subprocess.run(
        [
            str(python_in("schemathesis", "schemathesis").with_name("st")),
            *_arguments(campaign, base_url, given),
        ],
        cwd=folder,
        env=_environment(given, answers),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    lines = answers.read_text().splitlines() if answers.exists() else []
    return Outcome(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])


def _arguments(campaign: Campaign, base_url: str, given: Given) -> list[str]:
    token = campaign.caller and getattr(given, campaign.caller)
    return [
        *("run", f"{base_url}/openapi.json"),
        *(["--header", f"Authorization:Bearer {token}"] if token else []),
        *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS)),
        *("--mode", campaign.mode, "--max-examples", str(campaign.examples)),
        *("--generation-deterministic", "--no-shrink", "--continue-on-failure"),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
    ]


def _environment(given: Given, answers: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.proofs.fuzz.hooks",
        "FUZZ_ANSWERS": str(answers),
        VARIABLE: given.as_json(),
    }
