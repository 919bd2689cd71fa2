"""Virtual environments of the peers, made once from their locked requirements."""

import subprocess
import sys
from pathlib import Path

from bench.processes import ROOT

PEERS = Path(__file__).resolve().parent / "peers"
FOLDER = ROOT / "var" / "bench" / "environments"


def python_of(peer: str) -> str:
    """The Python of the peer's environment, made on the first call and whenever its requirements change."""
    requirements = PEERS / f"{peer}.txt"
    folder = FOLDER / peer
    mark = folder / "requirements.txt"
    if not mark.exists() or mark.read_text() != requirements.read_text():
        print(f"Making the environment of {peer} …", flush=True)
        uv = str(Path(sys.executable).with_name("uv"))
        python = str(folder / "bin" / "python")
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        _run(uv, "pip", "sync", "--quiet", "--compile-bytecode", "--python", python, str(requirements))
        mark.write_text(requirements.read_text())
    return str(folder / "bin" / "python")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)
