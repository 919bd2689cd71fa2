"""What an answer has cost: how many tokens, as its usage counts them, and their price.

Usage is an agent's word: whatever is no plain count is not known, which is not zero. A cost is the answer's own, else
that of the known models' table, else by the agent's own prices, else not known.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from schedules.models import Agent
from schedules.models.tally import BILLIONTH
from schedules.tallies.known_models import Tokens, known_price

MOST: Final = 10**12
MOST_DOLLARS: Final = 1_000_000
"""Of one run: more is a mistake, and would spoil every sum."""

_MILLION: Final = 1_000_000
_COSTS: Final = ("total_cost", "cost")


NOTHING: Final[Mapping[str, int | None]] = {
    "input_tokens": None,
    "output_tokens": None,
    "cached_tokens": None,
    "cost": None,
}
"""What is known where no usage came."""


def spent(
    usage: Mapping[str, Any] | None, model: str | None, agent: Agent, at: datetime
) -> Mapping[str, int | None]:
    """A run's columns: its tokens, and its cost in billionths of a dollar. `model`: what answered, if it says so."""
    if not usage:
        return NOTHING
    input_count, output_count = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    details = usage.get("input_tokens_details")
    cached_count = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
    cost = _own_cost(usage)
    if cost is None and (input_count or output_count):
        cached = min(cached_count or 0, input_count or 0)
        tokens = Tokens(input_count or 0, output_count or 0, cached)
        cost = _price(model or agent.model, agent, tokens, at)
    return {
        "input_tokens": input_count,
        "output_tokens": output_count,
        "cached_tokens": cached_count,
        "cost": None if cost is None else round(cost * BILLIONTH),
    }


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else None


def _own_cost(usage: Mapping[str, Any]) -> Decimal | None:
    """What the answer says it has cost, in dollars."""
    for name in _COSTS:
        value = usage.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST_DOLLARS:
            return Decimal(repr(value))
    return None


def _price(model: str, agent: Agent, tokens: Tokens, at: datetime) -> Decimal | None:
    known = known_price(model, agent.provider, tokens, at) if model else None
    if known is not None or (agent.input_price is None and agent.output_price is None):
        return known
    input_price, output_price = (
        Decimal(repr(price or 0)) for price in (agent.input_price, agent.output_price)
    )
    return (tokens.input_count * input_price + tokens.output_count * output_price) / _MILLION
