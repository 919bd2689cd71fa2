"""Undo the content coding of a body piece by piece, so that nobody holds more of it than its limit allows.

Agents are asked for plain bodies (`Accept-Encoding: identity`); some proxies compress all the same.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

PIECE = 64 * 1024
"""Decoded bytes that exist at once: a compressed body can be a thousand times as large."""

GZIP_MAGIC = b"\x1f\x8b"


class UnknownCoding(ValueError):
    """The body has a content coding that is not spoken here."""


class BrokenCoding(ValueError):
    """The compressed body cannot be read, or ends early."""


class Decoder(Protocol):
    """One body's decoder."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded pieces of the next chunk. Raises `BrokenCoding`."""
        ...

    def finish(self) -> None:
        """Raises `BrokenCoding` unless the body was whole."""
        ...


def decoder_for(content_encoding: str) -> Decoder:
    """The decoder for a Content-Encoding header; one coding only. Raises `UnknownCoding`."""
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    match [coding for coding in codings if coding not in ("", "identity")]:
        case []:
            return _Identity()
        case ["gzip" | "x-gzip"]:
            return _Gzip()
        case ["deflate"]:
            return _Deflate()
    raise UnknownCoding


class _Identity:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        pass


class _Gzip:
    """One or more gzip members, one after the other; what follows the last one is padding."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._is_padding = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk and not self._is_padding:
            if self._member.eof:
                self._next_member(chunk)
            yield from _inflated(self._member, chunk)
            chunk = self._member.unused_data

    def _next_member(self, head: bytes) -> None:
        if GZIP_MAGIC.startswith(head[:2]):
            self._member = zlib.decompressobj(wbits=31)
        else:
            self._is_padding = True

    def finish(self) -> None:
        if not self._member.eof:
            raise BrokenCoding


class _Deflate:
    """The zlib format, as the standard says, or a bare deflate stream, as some servers understand it."""

    def __init__(self) -> None:
        self._head = b""
        self._stream = zlib.decompressobj()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if len(self._head) < 2:
            self._head += chunk
            if len(self._head) < 2:
                return
            chunk, is_zlib = self._head, _is_zlib_header(self._head)
            self._stream = zlib.decompressobj() if is_zlib else zlib.decompressobj(wbits=-15)
        yield from _inflated(self._stream, chunk)

    def finish(self) -> None:
        if not self._stream.eof:
            raise BrokenCoding


def _is_zlib_header(head: bytes) -> bool:
    """RFC 1950, 2.2: method 8, and a multiple of 31."""
    return head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0


def _inflated(stream: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    piece = b""
    try:
        while not stream.eof and (chunk or len(piece) == PIECE):
            piece = stream.decompress(chunk, PIECE)
            yield piece
            chunk = stream.unconsumed_tail
    except zlib.error:
        raise BrokenCoding from None
