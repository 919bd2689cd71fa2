"""Logs: one line an event, whatever somebody writes into it."""

import json
import logging

import pytest
import structlog

from orqsite.logs import configure_logs


def test_an_event_is_one_json_line_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")

    structlog.get_logger("schedules.test").info("run.claimed", run_id="01X", agent_key="a\n\x1b[31mb")

    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["run_id"], event["level"]) == ("run.claimed", "01X", "info")
    assert event["agent_key"] == "a\n\x1b[31mb"


def test_other_peoples_logs_are_lines_of_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")

    logging.getLogger("somebody.else").warning("two\nlines of %s", "theirs")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "two\nlines of theirs"


@pytest.mark.parametrize("line_format", ["json", "console"])
def test_levels_below_the_chosen_one_are_silent(line_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("WARNING", line_format)

    structlog.get_logger("schedules.test").info("run.claimed")

    assert capsys.readouterr().err == ""
