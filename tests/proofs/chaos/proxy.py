"""The line between the service and one of its servers: passes everything on, and is cut, held or slowed at will."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from orqsite.embedded.ports import LOOPBACK, free_port

CHUNK = 65_536
END_SECONDS = 1.0
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing sends a reset instead of an orderly end."""


class Proxy:
    """Listens on `port` of the loopback address and passes on to `upstream`; one thread runs all its connections."""

    def __init__(self, upstream: int) -> None:
        self.port = free_port()
        self._upstream = upstream
        self._delay = 0.0
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {upstream}", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._may_pass = asyncio.Event()
        self._may_pass.set()
        self._wait_for(self._listen())

    def stop(self) -> None:
        """Cut everything and listen no more."""
        if self._thread.is_alive():
            self._wait_for(self._end_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()

    def cut(self) -> None:
        """Reset every connection; new ones are welcome."""
        self._call(self._abort_all)

    def lead_to(self, upstream: int) -> None:
        """New connections go there; those there are stay where they are."""
        self._upstream = upstream

    def hold(self) -> None:
        """From now on nothing passes, and nobody is told: the line is a black hole."""
        self._call(self._may_pass.clear)

    def let_pass(self) -> None:
        """What was held goes on."""
        self._call(self._may_pass.set)

    def slow_down(self, seconds: float) -> None:
        """Every piece takes that much longer on its way; 0: as fast as it goes."""
        self._delay = seconds

    def _call(self, act: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(act)

    def _wait_for(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, limit=CHUNK)

    async def _end_all(self) -> None:
        self._server.close()
        self._may_pass.set()
        self._abort_all()
        while rest := asyncio.all_tasks() - {asyncio.current_task()}:
            _, late = await asyncio.wait(rest, timeout=END_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.sleep(0)  # what the transports still have to do

    def _abort_all(self) -> None:
        for writer in list(self._open):
            connection: socket.socket = writer.get_extra_info("socket")
            with suppress(OSError):  # it may be closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._may_pass.wait()
            there_reader, there_writer = await asyncio.open_connection(LOOPBACK, self._upstream)
            self._open.add(there_writer)
            try:
                await self._join(self._pump(reader, there_writer), self._pump(there_reader, writer))
            finally:
                self._close(there_writer)
        except (OSError, asyncio.CancelledError):
            pass  # the server is down, or we stop: the client's connection ends, as it would without us
        finally:
            self._close(writer)

    async def _join(self, *pumps: Coroutine[Any, Any, None]) -> None:
        """Both directions, until one of them ends."""
        tasks = [asyncio.ensure_future(pump) for pump in pumps]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                await self._may_pass.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(piece)
                await writer.drain()

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()
