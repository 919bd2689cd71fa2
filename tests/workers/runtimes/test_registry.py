"""Runtimes are found by name."""

import pytest

from workers.runtimes import UnknownRuntime, runtime_for, runtime_names, runtimes


def test_every_name_leads_to_the_runtime_of_that_name() -> None:
    assert runtime_names() == ["a2a", "chat", "echo", "responses", "webhook"]

    assert [runtime_for(name).name for name in runtime_names()] == runtime_names()
    assert [runtime.name for runtime in runtimes()] == runtime_names()


def test_every_caller_shares_one_runtime() -> None:
    assert runtime_for("responses") is runtime_for("responses")


def test_an_unknown_name_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(
        UnknownRuntime, match=r"no runtime 'magic'; there are a2a, chat, echo, responses, webhook"
    ):
        runtime_for("magic")
