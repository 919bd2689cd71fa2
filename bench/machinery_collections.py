"""For a worker's `--include`: notes the processor seconds of each full garbage collection in a file."""

import gc
import os
import time
from pathlib import Path

_notes = Path(os.environ["BENCH_COLLECTIONS"])
_began_at = 0.0


def _note(phase: str, about: dict[str, int]) -> None:
    global _began_at
    if about["generation"] != 2:
        return
    if phase == "start":
        _began_at = time.thread_time()
        return
    with _notes.open("a") as notes:
        notes.write(f"{time.thread_time() - _began_at}\n")


gc.callbacks.append(_note)
