"""A tiny agent server, a process of its own: it answers every POST after a while and counts the calls in flight.

`python -m bench.slow_agent DELAY_SECONDS` prints its URL first. `GET /` tells what it has seen.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.processes import process, wait_for

_ANSWER = json.dumps(
    {
        "id": "resp_1",
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "All is well"}]}],
        "usage": {"input_tokens": 10, "output_tokens": 3},
    }
)


class _Agent:
    """Counts the calls it holds."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self.in_flight = self.most_in_flight = self.call_count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open as long as the client likes."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = await self._answer(head, reader)
                answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(answer.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader) -> bytes:
        if head.startswith(b"GET"):
            return json.dumps([self.in_flight, self.most_in_flight, self.call_count]).encode()
        await reader.readexactly(_content_length(head))
        self.in_flight += 1
        self.call_count += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self._delay)
        self.in_flight -= 1
        return _ANSWER.encode()


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def _main(delay: float) -> None:
    server = await asyncio.start_server(_Agent(delay).serve, "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class SlowAgent:
    """The running server, seen from the benchmark."""

    url: str

    @property
    def counts(self) -> tuple[int, int, int]:
        """Calls in flight now, the most there ever were, and all there were."""
        with urlopen(self.url) as answer:  # noqa: S310 - our own address
            now, most, total = json.load(answer)
        return now, most, total


@contextmanager
def slow_agent(folder: Path, delay: float) -> Iterator[SlowAgent]:
    """A server that answers after `delay` seconds, while the block lasts."""
    log = folder / f"agent-{delay}.log"
    log.unlink(missing_ok=True)  # of one before it: its first line is the URL
    with process(log, "-m", "bench.slow_agent", str(delay)):
        wait_for(lambda: log.exists() and log.read_text().endswith("\n"), 20, "the agent server")
        yield SlowAgent(log.read_text().strip())


def allow_many_sockets() -> None:
    """Thousands of calls are thousands of open sockets; the usual soft limit is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    allow_many_sockets()
    asyncio.run(_main(float(sys.argv[1])))
