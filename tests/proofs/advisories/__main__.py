"""Look up every lock: `python -m tests.proofs.advisories`."""

import subprocess
import sys
from pathlib import Path

from tests.environments import ROOT, python_in
from tests.proofs.advisories.verdict import NOT_ASKED, Verdict, verdict_on

LOOK_UP_SECONDS = 600


def main() -> int:
    """0: nothing is known of any package; 1: something is; 75: the database could not be asked about each."""
    python = python_in("advisories", "advisories")
    verdicts = [_looked_up(python, lock) for lock in sorted((ROOT / "requirements").glob("*.txt"))]
    return max((verdict.status for verdict in verdicts), key=[0, NOT_ASKED, 1].index)


def _looked_up(python: Path, lock: Path) -> Verdict:
    options = ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    command = [str(python), "-m", "pip_audit", *options, f"--requirement={lock}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LOOK_UP_SECONDS, cwd=ROOT, check=False
    )
    verdict = verdict_on(done.stdout, done.stderr)
    print(f"{lock.relative_to(ROOT)}: {verdict.sentence}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
