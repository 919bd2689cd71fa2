"""Each command alone: tables, JSON, refusals and exit statuses."""

import json
from pathlib import Path

import pytest

from orqsite.embedded.ports import LOOPBACK, free_port
from tests.client.program import Program
from tests.docs.pages import section, tables
from tests.processes.service import Service

pytestmark = [pytest.mark.processes]


@pytest.fixture(scope="module")
def triage(program: Program) -> str:
    """The id of a schedule."""
    new = program("create", "triage", "@every 6h", "--input", "Anything new?", "--name", "Triage", "--json")
    return str(new.json["_id"])


class TestLooking:
    def test_schedules_are_a_table(self, program: Program, triage: str) -> None:
        lines = program("list", "--agent", "triage").out.splitlines()

        assert lines[0].split() == ["SCHEDULE", "AGENT", "NAME", "EXPRESSION", "NEXT", "FIRE"]
        [line] = [line for line in lines if line.startswith(triage)]
        assert line.split()[1:5] == ["triage", "Triage", "@every", "6h"]
        assert line.endswith(("(in 5 h)", "(in 6 h)"))

    def test_schedules_are_json(self, program: Program, triage: str) -> None:
        [row] = program("list", "--agent", "triage", "--json").json["schedules"]

        assert (row["_id"], row["expression"]) == (triage, "@every 6h")

    def test_a_long_list_is_read_page_by_page(self, program: Program, service: Service) -> None:
        service.create_agent("many")
        body = {"type": "interval", "expression": "@every 9h", "payload": {"input": "x"}}
        with service.client(service.token) as http:
            for _ in range(101):
                assert http.post("/v3/agents/many/schedules", json=body).status_code == 201

        rows = program("list", "--agent", "many", "--limit", "1000", "--json").json["schedules"]

        assert len({row["_id"] for row in rows}) == len(rows) == 101

    @pytest.mark.parametrize("by", ["id", "name"])
    def test_a_schedule_is_found_by_id_and_by_name(self, program: Program, triage: str, by: str) -> None:
        shown = program("show", {"id": triage, "name": "Triage"}[by]).out

        assert "Anything new?" in shown
        assert triage in shown

    def test_agents_are_listed(self, program: Program) -> None:
        lines = program("agents").out.splitlines()

        assert {line.split()[0] for line in lines} >= {"AGENT", "digest", "triage"}

    def test_what_a_terminal_would_obey_is_not_printed(self, program: Program) -> None:
        name = "\x1b[31mred\nnew line"
        program("create", "triage", "@every 7h", "--input", "x", "--name", name)

        shown = program("list", "--agent", "triage").out

        assert "\x1b" not in shown
        assert " [31mred new line" in shown


class TestAsking:
    def test_an_expression_is_explained(self, program: Program) -> None:
        shown = program("explain", "0 0 9 * * mon-fri", "--limit", "3")

        assert shown.out.splitlines()[0] == "at 09:00:00 UTC, Monday to Friday"
        assert len(shown.out.splitlines()) == 4

    def test_what_was_probably_meant_otherwise_is_a_warning(self, program: Program) -> None:
        assert "EventBridge" in program("explain", "0 2 ? * * *").err

    def test_a_wrong_expression_is_refused_in_the_servers_words(self, program: Program) -> None:
        refused = program("explain", "* * * * * *", expect=1)

        assert "at least one hour apart" in refused.err
        assert "(invalid_expression)" in refused.err


class TestCreating:
    def test_a_whole_payload_comes_from_a_file(self, program: Program, tmp_path: Path) -> None:
        file = tmp_path / "payload.json"
        file.write_text(json.dumps({"input": "Hello {{name}}", "variables": {"name": "Ada"}}))

        new = program("create", "triage", "@at 2099-05-01T09:00:00Z", "--payload", str(file), "--json").json

        assert (new["type"], new["payload"]["variables"]) == ("once", {"name": "Ada"})

    @pytest.mark.parametrize(
        "arguments", [[], ["--input", "x", "--payload", "/dev/null"], ["--payload", "/dev/null"]]
    )
    def test_it_needs_one_payload(self, program: Program, arguments: list[str]) -> None:
        program("create", "triage", "@daily", *arguments, expect=2)


class TestRefusals:
    def test_nothing_of_that_name(self, program: Program) -> None:
        for command in ("show", "run", "why"):
            assert "No schedule is called 'nothing'" in program(command, "nothing", expect=1).err
        assert "There is no run" in program("retry", "01KPN29WWKSK0VDPJNTKZPVNRB", expect=1).err

    def test_a_wrong_key(self, program: Program) -> None:
        wrong = Program(program.url, "sk-orq-01KPN29WWKSK0VDPJNTKZPVNRB-" + "a" * 43)

        assert "(invalid_api_key)" in wrong("list", expect=1).err

    def test_a_key_that_may_only_read(self, program: Program, service: Service, triage: str) -> None:
        reader = Program(
            program.url, service.manage("create_api_key", "--workspace=processes", "--scope=read")
        )

        assert "(insufficient_scope)" in reader("run", triage, expect=1).err

    def test_no_server(self, program: Program) -> None:
        nowhere = Program(f"http://{LOOPBACK}:{free_port()}", program.key)

        refused = nowhere("status", expect=3)

        assert "does not answer" in refused.err
        assert program.key not in refused.err

    def test_no_address_and_no_key(self, program: Program) -> None:
        assert "AGENT_SCHEDULES_URL" in Program("", program.key)("list", expect=2).err
        assert "AGENT_SCHEDULES_KEY" in Program(program.url, "")("list", expect=2).err

    def test_a_typo_is_answered_with_what_was_meant(self, program: Program) -> None:
        assert "Did you mean 'status'?" in program("statsu", expect=2).err

    @pytest.mark.parametrize("since", ["yesterday", "-1h", "24", "25:00"])
    def test_a_time_that_is_none(self, program: Program, since: str) -> None:
        assert "such as 24h" in program("runs", f"--since={since}", expect=2).err


def test_every_command_has_its_row_in_the_documents(program: Program) -> None:
    helped = program("--help").out.partition("Commands:\n")[2]

    commands = {line.split()[0] for line in helped.splitlines() if line.startswith("  ") and line[2] != " "}

    rows = tables(section("docs/client.md", "Commands"))[0]
    assert {cells[0].strip("`").split()[0] for cells in rows} == commands


def test_the_shell_completes_commands(program: Program) -> None:
    shell = {
        "_AGENT_SCHEDULES_COMPLETE": "bash_complete",
        "COMP_WORDS": "agent-schedules ru",
        "COMP_CWORD": "1",
    }

    completed = Program(program.url, program.key, shell)().out

    assert completed.splitlines() == ["plain,runs", "plain,run"]
