"""A hostile answer costs a worker next to no memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent_server import AgentServer, Behaviour

ROOT = Path(__file__).parents[3]
MEGABYTE = 1024 * 1024

CALLER = """
import sys
from tests.workers.runtimes.factories import make_call, make_endpoint, never
from workers.runtimes import CallFailed, runtime_for

def kilobytes(what):  # of this process alone: ru_maxrss would count the parent's
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(what))

def ask(key):
    try:
        runtime_for("responses").call(make_call(agent_key=key), make_endpoint(sys.argv[1]), never)
    except CallFailed as failure:
        return failure.code
    return "answered"

ask("ordinary")
before = kilobytes("VmRSS")
for key in sys.argv[2:]:
    print(ask(key), kilobytes("VmHWM") - before)
"""

ENDLESS = ["gzip_bomb", "oversize", "oversize_chunked", "tiny_chunks", "interim_flood", "huge_head"]

PIECES = [
    "[],",
    '"ab",',
    '{"a":1},',
    '"👋 abcdefghij",',
    '{"a":' + "1" * 30 + "},",
    "[" + "1" * 12 + "],",
    "1" * 8 + ",",
    '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6},',
]
"""What a megabyte of answer may be made of to need many times its size."""

CROWD = "[" + "[]," * 300_000 + "0]"

UNREAD = [
    '{"metadata": ' + CROWD + ', "output": "x"}',
    '{"output": [{"type": "message", "content": "x", "logprobs": ' + CROWD + "}]}",
    '{"output": "x", ' + ",".join(f'"{number}":[]' for number in range(50_000)) + "}",
    '{"output": "x", "deep": ' + "[" * 400_000 + "]" * 400_000 + "}",
    json.dumps({"output": "1," * 500_000}),
    json.dumps({"output": ['\\"' * 200_000]}),
]
"""Answers whose parts beside the point need many times their size, or look as if they did."""

WORDS = "👋" + "a" * (MEGABYTE - 100)  # one wide character makes every character wide


def filled(piece: str) -> str:
    count = (MEGABYTE - 100) // len(piece.encode())
    return '{"status": "completed", "output": [' + piece * count + "0]}"


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's own peak from /proc")
def test_a_worker_does_not_grow_under_hostile_answers(agent: AgentServer) -> None:
    behaviours = [Behaviour(fault=fault) for fault in ENDLESS]
    behaviours += [Behaviour(body=filled(piece)) for piece in PIECES]
    behaviours += [Behaviour(body=body) for body in UNREAD]
    behaviours.append(
        Behaviour(body=json.dumps({"status": "completed", "output": WORDS}, ensure_ascii=False))
    )
    behaviours.append(Behaviour(body=json.dumps({"status": "failed", "error": "x\\" * 300_000})))
    keys = [f"hostile-{number}" for number in range(len(behaviours))]
    for key, behaviour in zip(keys, behaviours, strict=True):
        agent.script(key, behaviour)

    command = [sys.executable, "-c", CALLER, agent.url, *keys]
    caller = subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True, text=True)

    outcomes = [line.split() for line in caller.stdout.splitlines()]
    print(outcomes)
    codes = [code for code, _ in outcomes]
    assert len(codes) == len(behaviours)
    unread = codes[len(ENDLESS) + len(PIECES) :][: len(UNREAD)]
    assert unread == ["answered"] * len(UNREAD), "what nobody reads costs no answer"
    assert max(int(kilobytes) for _, kilobytes in outcomes) < 20 * 1024
