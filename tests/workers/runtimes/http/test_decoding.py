"""Compressed bodies are taken apart piece by piece."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.runtimes.http.decoding import PIECE, BrokenCoding, UnknownCoding, decoder_for

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "identity, gzip": gzip.compress,
    "deflate": zlib.compress,
}


def decoded(coding: str, *chunks: bytes) -> bytes:
    decoder = decoder_for(coding)
    body = b"".join(piece for chunk in chunks for piece in decoder.feed(chunk))
    decoder.finish()
    return body


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("data", [b"", b"x", b"grape " * 100_000, bytes(PIECE), bytes(3 * PIECE)])
def test_every_coding_is_undone(coding: str, data: bytes) -> None:
    assert decoded(coding, CODINGS[coding](data)) == data


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_however_the_chunks_are_cut(data: bytes, size: int) -> None:
    for coding, packed in (
        ("gzip", gzip.compress(data) + gzip.compress(data)),
        ("deflate", bare_deflate(data)),
    ):
        chunks = [packed[start : start + size] for start in range(0, len(packed), size)]

        assert decoded(coding, *chunks) == (data * 2 if coding == "gzip" else data)


@pytest.mark.parametrize("size", [PIECE, PIECE + 1, PIECE + 200, 3 * PIECE, 3 * PIECE + 257])
def test_the_last_piece_comes_too(size: int) -> None:
    assert decoded("deflate", bare_deflate(bytes(size))) == bytes(size)


def test_deflate_is_also_read_as_some_servers_understand_it() -> None:
    assert decoded("deflate", bare_deflate(b"grapes")) == b"grapes"
    assert decoded("deflate", *(bytes([byte]) for byte in bare_deflate(b"grapes"))) == b"grapes"


def test_what_pads_a_gzip_body_is_passed_over() -> None:
    assert decoded("gzip", gzip.compress(b"a") + bytes(100), b"more") == b"a"
    assert decoded("gzip", gzip.compress(b"a"), bytes(100)) == b"a"


def test_no_piece_is_larger_than_it_may_be() -> None:
    bomb = gzip.compress(bytes(100 * PIECE))

    assert max(map(len, decoder_for("gzip").feed(bomb))) == PIECE


@pytest.mark.parametrize(
    "body", [b"", b"no gzip", gzip.compress(b"grapes")[:-9], gzip.compress(b"grapes")[:-4] + b"abcd"]
)
def test_a_body_that_is_broken_or_cut_is_told(body: bytes) -> None:
    with pytest.raises(BrokenCoding):
        decoded("gzip", body)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress"])
def test_other_codings_are_not_guessed_at(coding: str) -> None:
    with pytest.raises(UnknownCoding):
        decoder_for(coding)
