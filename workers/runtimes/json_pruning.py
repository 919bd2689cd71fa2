"""Cut out of a JSON text what nobody reads, before it is parsed: values cost up to fifty times their size in memory.

A value that is cut out becomes `null`. So an answer with odd or enormous parts beside the point is still an answer,
and costs what its point costs.
"""

import io
import re
from collections.abc import Callable

DEEPEST = 100
"""Levels of nesting that are kept; more is nonsense, and too deep for whoever stores it."""

LONGEST_NUMBER = 400
"""Characters; a longer number is no number of anybody's."""

WEIGHTS = {",": 60, ":": 60, "[": 90, "{": 230}
"""What a value costs in memory at least, in bytes, told by the character that announces it: one more value, the name
of a member, an array, an object. `[[],[],…` takes fifty times its size."""

IsRead = Callable[[list[str], str], bool]
"""Whether an array or object is read: the names on the way to it from the top, and its own (an item of an array has
the array's name)."""

_TOKEN = re.compile(r'[ \t\n\r]*+("(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++)', re.DOTALL)
_TO_BRACKET = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+([{}\[\]])', re.DOTALL)
_ODD_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})


class TooCostly(ValueError):
    """What is read of the text would cost more memory than it may."""


def cost_of(text: str) -> int:
    """What parsing may cost in memory, in bytes: too much where the characters that count are inside of strings."""
    return sum(weight * text.count(mark) for mark, weight in WEIGHTS.items())


def pruned(text: str, is_read: IsRead, max_cost: int) -> str:
    """The text with `null` for every array or object that is not read or too deep, and for numbers JSON has not.

    Work is linear in the text. Raises `TooCostly`; `ValueError` for brackets that do not match or strings without
    end. Everything else that is wrong with the text is left to the parser.
    """
    return _Pruning(text, is_read, max_cost).run()


class _Pruning:
    def __init__(self, text: str, is_read: IsRead, max_cost: int) -> None:
        self._text, self._is_read, self._room = text, is_read, max_cost
        self._kept = io.StringIO()
        self._kept_to = 0
        self._levels: list[bool] = []
        """From the outermost inwards: whether it is an object."""
        self._names: list[str] = []
        self._name = ""
        self._is_name_next = False

    def run(self) -> str:
        position = 0
        while token := _TOKEN.match(self._text, position):
            position = self._take(token.start(1), token.end(1))
        self._kept.write(self._text[self._kept_to :])
        return self._kept.getvalue()

    def _take(self, start: int, end: int) -> int:
        """Look at one token; where the next one begins."""
        mark = self._text[start]
        if mark in "[{":
            return self._enter(start, end)
        if mark in "]}":
            self._leave(mark)
        elif mark == ",":
            self._pay(mark)
            self._is_name_next = bool(self._levels and self._levels[-1])
        elif mark == ":":
            self._pay(mark)
        elif mark == '"':
            self._take_string(start, end)
        elif end - start > LONGEST_NUMBER or self._text[start:end] in _ODD_NUMBERS:
            self._cut(start, end)
        return end

    def _enter(self, start: int, end: int) -> int:
        mark = self._text[start]
        if len(self._levels) >= DEEPEST or (self._levels and not self._is_read(self._names[1:], self._name)):
            end = self._end_of(start)
            self._cut(start, end)
            return end
        self._pay(mark)
        self._levels.append(mark == "{")
        self._names.append(self._name)
        self._is_name_next = mark == "{"
        return end

    def _leave(self, mark: str) -> None:
        if not self._levels or self._levels.pop() != (mark == "}"):
            raise ValueError("brackets do not match")
        self._name = self._names.pop()
        self._is_name_next = False

    def _take_string(self, start: int, end: int) -> None:
        if self._is_name_next:
            self._name, self._is_name_next = self._text[start + 1 : end - 1], False

    def _end_of(self, start: int) -> int:
        """Where the array or object that begins there has its end."""
        depth, position = 1, start + 1
        while depth:
            found = _TO_BRACKET.match(self._text, position)
            if found is None:
                raise ValueError("brackets do not match")
            depth += 1 if found[1] in "[{" else -1
            position = found.end()
        return position

    def _cut(self, start: int, end: int) -> None:
        self._kept.write(self._text[self._kept_to : start])
        self._kept.write("null")
        self._kept_to = end

    def _pay(self, mark: str) -> None:
        self._room -= WEIGHTS[mark]
        if self._room < 0:
            raise TooCostly
