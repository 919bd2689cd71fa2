"""The prices of known models, from the table of genai-prices: it is in the package, and never fetched anew.

The package takes a third of a second to import and fill: only the first answer that needs it waits for that.
"""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import structlog

log = structlog.get_logger(__name__)

SLOT_MINUTES: Final = 30
"""Prices that depend on the time of day change at such minutes."""

_MILLION: Final = 1_000_000


class Tokens(NamedTuple):
    """`cached_count` of the input came from a cache."""

    input_count: int
    output_count: int
    cached_count: int


class _Rates(NamedTuple):
    """Dollars per million tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal

    def price(self, tokens: Tokens) -> Decimal:
        fresh_count = tokens.input_count - tokens.cached_count
        total = (
            fresh_count * self.input + tokens.cached_count * self.cached + tokens.output_count * self.output
        )
        return total / _MILLION


def known_price(model: str, provider: str, tokens: Tokens, at: datetime) -> Decimal | None:
    """Dollars, as they were at that time; None: the table does not know the model, or has no price for this.

    `provider`: the agent's setting; empty: whoever the table finds the model with.
    """
    slot = at.replace(minute=at.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
    for name, its_provider in _spellings(model, provider):
        rates = _rates(name, its_provider, slot)
        if rates is not None:
            return rates.price(tokens) if isinstance(rates, _Rates) else _stepped(rates, tokens)
    return None


def _spellings(model: str, provider: str) -> list[tuple[str, str]]:
    """`openai/gpt-5` is a model with its provider before it, as gateways write it."""
    before, slash, bare = model.partition("/")
    return [(model, provider), *([(bare, before)] if slash else [])]


@lru_cache(maxsize=1000)
def _rates(model: str, provider: str, at: datetime) -> "_Rates | Any | None":
    """Fixed rates, which multiply in no time; else the table's own price, which knows steps. None: unknown."""
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(
            Usage(input_tokens=1), model, provider_id=provider or None, genai_request_timestamp=at
        )
    except LookupError:
        return None
    price = found.model_price
    input_rate, output_rate = price.input_mtok, price.output_mtok
    cached_rate = input_rate if price.cache_read_mtok is None else price.cache_read_mtok
    if (
        isinstance(input_rate, Decimal)
        and isinstance(output_rate, Decimal)
        and isinstance(cached_rate, Decimal)
    ):
        return _Rates(input_rate, output_rate, cached_rate)
    return price


def _stepped(price: Any, tokens: Tokens) -> Decimal | None:
    from genai_prices import Usage

    usage = Usage(
        input_tokens=tokens.input_count,
        output_tokens=tokens.output_count,
        cache_read_tokens=tokens.cached_count,
    )
    try:
        total: Decimal = price.calc_price(usage)["total_price"]
    except ValueError as error:  # a price is never worth a run
        log.warning("price.unknown", error=str(error)[:200])
        return None
    return total
