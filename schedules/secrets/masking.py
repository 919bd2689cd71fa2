"""The masker: whatever comes from an agent is kept, shown and logged without the secrets it was given.

All spellings of all secrets are searched for in the original text, and every character that is part of any hit is
covered. So one secret's mask never hides the rest of another one. The work is linear in the length of the text,
whatever stands in it. Pure: it knows neither Django nor a database, so that runtimes may use it as well.

It cannot find a secret that was changed (its letters reversed, its words in another order), nor one that the agent
spells letter by letter.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from schedules.secrets.spellings import spellings

MASK = "********"

SHORTEST_SECRET = 4
"""Characters of a secret that is searched for: a shorter one is in every text, and covering it would tell it."""

_BETWEEN_TEXTS = "\0"
"""Parts the texts that are searched together: no database stores it, so it is in no secret."""

_COVERED, _OPEN = b"\1", b"\0"


class Masker:
    """Covers the given secrets, in whichever of their spellings they occur."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets`: in clear; those that are too short to be searched for are passed over."""
        long_enough = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._spellings = {text for secret in long_enough for text in spellings(secret)}

    def text(self, text: str) -> str:
        """The text with a mask in place of each stretch that belongs to a secret."""
        return self._texts([text])[0]

    def value(self, value: Any, kept_names: Collection[str] = ()) -> Any:
        """A JSON value with all its texts and names masked, but for `kept_names`."""
        if not self._spellings:
            return value
        texts = list(_texts_in(value, kept_names))
        return _rebuilt(value, kept_names, iter(self._texts(texts)))

    def _texts(self, texts: list[str]) -> list[str]:
        """The texts masked, all at once: a thousand searches through many small ones would take much longer."""
        whole = _BETWEEN_TEXTS.join(text.replace(_BETWEEN_TEXTS, "\ufffd") for text in texts)
        return _masked(whole, self._spellings).split(_BETWEEN_TEXTS)


def _masked(text: str, needles: Iterable[str]) -> str:
    covered = bytearray(len(text))
    for needle in needles:
        for start, end in stretches(text, needle):
            covered[start:end] = _COVERED * (end - start)
    return "".join(_with_masks(text, covered))


def _with_masks(text: str, covered: bytearray) -> Iterator[str]:
    end = 0
    while (start := covered.find(_COVERED, end)) >= 0:
        yield text[end:start]
        yield MASK
        end = covered.find(_OPEN, start)
        if end < 0:
            return
    yield text[end:]


def stretches(text: str, needle: str) -> Iterator[tuple[int, int]]:
    """Where in the text the needle is, as (start, end), those that overlap themselves ("aaaaaa") as few together.

    Each search after a hit begins one character on, which alone would take as many searches as there are hits. So
    where the next hit overlaps, the repetition that both are part of is followed to its end first: the hit after
    that begins more than half a needle later, as two repetitions cannot share more than that and differ.
    """
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        following = text.find(needle, start + 1)
        if 0 <= following < end:
            end = _end_of_repetition(text, end, needle[start - following :])
            following = text.find(needle, end - len(needle) + 1)
        yield start, end
        start = following


def _end_of_repetition(text: str, end: int, unit: str) -> int:
    """How far the text goes on repeating `unit` from `end`: in leaps that double, then in ones that halve."""
    leap = unit
    while text.startswith(leap, end):
        end += len(leap)
        leap += leap
    while len(leap) > len(unit):
        leap = leap[: len(leap) // 2]
        if text.startswith(leap, end):
            end += len(leap)
    return end


def _texts_in(value: Any, kept_names: Collection[str]) -> Iterator[str]:
    """Every text and every name that is masked, in the order in which `_rebuilt` takes them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts_in(item, kept_names)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in kept_names:
                yield name
            yield from _texts_in(item, kept_names)


def _rebuilt(value: Any, kept_names: Collection[str], texts: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, list):
        return [_rebuilt(item, kept_names, texts) for item in value]
    if isinstance(value, dict):
        return {
            name if name in kept_names else next(texts): _rebuilt(item, kept_names, texts)
            for name, item in value.items()
        }
    return value
