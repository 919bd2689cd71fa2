"""The matching against brute force."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from tests.proofs.chaos.matching import match

Graph = list[list[bool]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Which of up to five seekers may have which of up to five items."""
    item_count = draw(st.integers(0, 5))
    rows = st.lists(st.booleans(), min_size=item_count, max_size=item_count)
    return draw(st.lists(rows, max_size=5))


def solve(graph: Graph) -> dict[int, int]:
    items = range(len(graph[0])) if graph else range(0)
    return match(range(len(graph)), items, lambda seeker, item: graph[seeker][item])


def can_all_be_served(seekers: list[int], graph: Graph) -> bool:
    """Tries every way to hand out the items."""
    items = range(len(graph[0])) if graph else range(0)
    return any(
        all(graph[seeker][item] for seeker, item in zip(seekers, order, strict=True))
        for order in permutations(items, len(seekers))
    )


@given(graph=graphs())
def test_every_pair_is_allowed_and_no_item_is_given_twice(graph: Graph) -> None:
    found = solve(graph)

    assert all(graph[seeker][item] for seeker, item in found.items())
    assert len(set(found.values())) == len(found)


@given(graph=graphs())
def test_the_first_seekers_are_served_first_and_nobody_in_vain(graph: Graph) -> None:
    served: list[int] = []
    for seeker in range(len(graph)):
        if can_all_be_served([*served, seeker], graph):
            served.append(seeker)

    assert sorted(solve(graph)) == served


@given(graph=graphs())
def test_there_is_no_matching_with_more_pairs(graph: Graph) -> None:
    subsets = [[s for s in range(len(graph)) if mask >> s & 1] for mask in range(2 ** len(graph))]
    most = max(len(subset) for subset in subsets if can_all_be_served(subset, graph))

    assert len(solve(graph)) == most


def test_a_long_chain_of_moves_needs_no_deep_stack() -> None:
    count = 3000

    found = match(range(count), range(count), lambda seeker, item: item in (seeker - 1, seeker))

    assert len(found) == count
