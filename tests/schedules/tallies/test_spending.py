"""What an answer has cost: its own word first, then the table of known models, then the agent's own prices."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage, calc_price

from schedules.models import Agent
from schedules.tallies.known_models import Tokens, known_price
from schedules.tallies.spending import NOTHING, spent

AT = datetime(2026, 6, 1, 12, 10, tzinfo=UTC)
BILLION = 1_000_000_000
USAGE = {"input_tokens": 1000, "output_tokens": 100, "input_tokens_details": {"cached_tokens": 200}}


def cost(usage: dict[str, Any], answered_by: str | None = None, **agent: Any) -> int | None:
    return spent(usage, answered_by, Agent(**agent), AT)["cost"]


def test_tokens_are_as_the_usage_counts_them() -> None:
    assert spent(USAGE, None, Agent(), AT) == {
        "input_tokens": 1000,
        "output_tokens": 100,
        "cached_tokens": 200,
        "cost": None,
    }


@pytest.mark.parametrize("usage", [None, {}])
def test_without_usage_nothing_is_known(usage: dict[str, Any] | None) -> None:
    assert spent(usage, "gpt-4o", Agent(input_price=1.0), AT) == NOTHING


@pytest.mark.parametrize("count", [-1, True, 1.5, "12", None, [], 10**13])
def test_what_is_no_count_is_not_known(count: Any) -> None:
    columns = spent(
        {"input_tokens": count, "output_tokens": 3, "input_tokens_details": {"cached_tokens": count}},
        None,
        Agent(),
        AT,
    )

    assert (columns["input_tokens"], columns["output_tokens"], columns["cached_tokens"]) == (None, 3, None)


@pytest.mark.parametrize("details", [None, [], 3, {}, "x"])
def test_usage_without_details_says_nothing_of_the_cache(details: Any) -> None:
    usage = {"input_tokens": 1, "input_tokens_details": details}

    assert spent(usage, None, Agent(), AT)["cached_tokens"] is None


@pytest.mark.parametrize("name", ["total_cost", "cost"])
def test_the_answers_own_cost_comes_first(name: str) -> None:
    priced = {"input_price": 7.0, "output_price": 7.0}

    assert cost(USAGE | {name: 0.0421}, "gpt-4o", **priced) == 42_100_000
    assert cost(USAGE | {name: 0}, "gpt-4o", **priced) == 0


@pytest.mark.parametrize("own", ["0.04", -1, True, None, 1e9, float("nan"), float("inf")])
def test_a_cost_that_is_none_is_passed_over(own: Any) -> None:
    assert cost(USAGE | {"total_cost": own}, "gpt-4o") == cost(USAGE, "gpt-4o")


def test_a_known_model_has_its_price_from_the_table() -> None:
    assert cost(USAGE, "gpt-4o", input_price=99.0) == round(
        (Decimal("2.5") * 800 + Decimal("1.25") * 200 + 10 * 100) * BILLION / 1_000_000
    )


def test_the_agents_model_is_asked_for_where_the_answer_names_none() -> None:
    assert cost(USAGE, None, model="gpt-4o") == cost(USAGE, "gpt-4o")


def test_a_gateway_writes_the_provider_before_the_model() -> None:
    assert cost(USAGE, "openai/gpt-4o") == cost(USAGE, "gpt-4o") is not None


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro", "o3"])
@pytest.mark.parametrize("tokens", [Tokens(1000, 50, 0), Tokens(300_000, 50, 100_000)])
def test_prices_are_the_tables_whatever_is_remembered_of_it(model: str, tokens: Tokens) -> None:
    usage = Usage(
        input_tokens=tokens.input_count,
        output_tokens=tokens.output_count,
        cache_read_tokens=tokens.cached_count,
    )

    for _ in range(2):
        price = known_price(model, "", tokens, AT)

        assert price == calc_price(usage, model, genai_request_timestamp=AT).total_price


def test_an_unknown_model_costs_what_the_agent_says() -> None:
    assert cost(USAGE, "our-own", input_price=0.5, output_price=2.25) == round(
        (Decimal("0.5") * 1000 + Decimal("2.25") * 100) * BILLION / 1_000_000
    )
    assert cost(USAGE, "our-own", output_price=2.0) == 200_000


def test_an_agent_that_is_free_costs_nothing_and_an_unknown_one_nobody_knows() -> None:
    assert cost(USAGE, "our-own", input_price=0.0) == 0
    assert cost(USAGE, "our-own") is None


def test_a_provider_that_nobody_knows_leaves_the_price_to_the_agent() -> None:
    assert cost(USAGE, "gpt-4o", provider="our-cellar", input_price=0.0) == 0


def test_an_absurd_cache_does_not_make_a_price_negative() -> None:
    usage = {"input_tokens": 10, "output_tokens": 0, "input_tokens_details": {"cached_tokens": 999}}

    assert cost(usage, "gpt-4o") == round(Decimal("1.25") * 10 * BILLION / 1_000_000)


def test_the_table_is_only_read_by_who_needs_it() -> None:
    script = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'orqsite.settings'; django.setup();"
        "from datetime import datetime, UTC; from schedules.models import Agent;"
        "from schedules.tallies.spending import spent; import workers.execution;"
        "spent({'input_tokens': 1, 'total_cost': 0.1}, 'gpt-4o', Agent(), datetime.now(UTC));"
        "print('genai_prices' in sys.modules);"
        "spent({'input_tokens': 1}, 'gpt-4o', Agent(), datetime.now(UTC)); print('genai_prices' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]
