"""Pairs seekers with items, each at most once: as many pairs as there can be, and the first seekers first."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

Seeker = TypeVar("Seeker")
Item = TypeVar("Item")


def match(
    seekers: Sequence[Seeker], items: Sequence[Item], fits: Callable[[Seeker, Item], bool]
) -> dict[int, int]:
    """The item of each seeker that gets one, by their positions: a maximum matching.

    Seekers come in order of preference. One that has an item keeps one, so that no set of earlier seekers that could
    be served is given up for later ones; no order costs a pair. Among items that fit the first free one is taken.
    """
    wishes = [[at for at, item in enumerate(items) if fits(seeker, item)] for seeker in seekers]
    item_of: dict[int, int] = {}
    holder_of: dict[int, int] = {}
    for seeker in range(len(seekers)):
        _seat(seeker, wishes, item_of, holder_of)
    return item_of


def _seat(seeker: int, wishes: list[list[int]], item_of: dict[int, int], holder_of: dict[int, int]) -> None:
    """Find the seeker an item, along a shortest chain of holders who move on to another; or none at all."""
    wanted_by: dict[int, int] = {}
    asking = deque([seeker])
    while asking:
        who = asking.popleft()
        for item in wishes[who]:
            if item in wanted_by:
                continue
            wanted_by[item] = who
            if item not in holder_of:
                _move_up(item, wanted_by, item_of, holder_of)
                return
            asking.append(holder_of[item])


def _move_up(
    free: int, wanted_by: dict[int, int], item_of: dict[int, int], holder_of: dict[int, int]
) -> None:
    """Everyone on the chain takes the item that became free, the last one the first of all."""
    item: int | None = free
    while item is not None:
        taker = wanted_by[item]
        left = item_of.get(taker)
        item_of[taker], holder_of[item] = item, taker
        item = left
