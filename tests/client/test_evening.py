"""An evening's work: what failed, why, run it again, pause that agent until Monday."""

import pytest

from tests.agent_server import AgentServer, Behaviour
from tests.client.program import Program
from tests.processes.service import Service

pytestmark = [pytest.mark.processes]


@pytest.fixture(scope="module")
def failed(program: Program, agent_server: AgentServer) -> tuple[str, str]:
    """The ids of a schedule and of a run of it that has failed; the agent has recovered since."""
    new = program(
        "create", "digest", "0 0 9 * * mon-fri", "--input", "Hello", "--name", "Morning briefing", "--json"
    )
    agent_server.script("digest", Behaviour(status=500, error={"message": "It broke"}), Behaviour())
    waited = program("run", "Morning briefing", "--wait", "--json", expect=4)
    assert (waited.json["state"], waited.json["schedule_id"]) == ("failed", new.json["_id"])
    assert "failed" in waited.err
    return new.json["_id"], waited.json["_id"]


def test_what_failed_is_listed_with_why(program: Program, failed: tuple[str, str]) -> None:
    shown = program("runs", "--failed", "--since", "24h").out
    rows = program("runs", "--failed", "--since", "24h", "--agent", "digest", "--json").json["runs"]

    assert shown.splitlines()[0].split()[:5] == ["RUN", "AGENT", "SCHEDULE", "STATE", "WHY"]
    [line] = [line for line in shown.splitlines() if failed[1] in line]
    assert "Morning briefing" in line
    assert "agent_http_error" in line
    assert failed[1] in {row["_id"] for row in rows}
    assert program("runs", "--failed", "--agent", "triage").out == "Nothing.\n"


def test_a_run_says_why_it_failed(program: Program, failed: tuple[str, str]) -> None:
    shown = program("show-run", failed[1]).out

    assert "failed" in shown
    assert "500" in shown


def test_status_says_what_failed_and_that_not_all_is_well(program: Program, failed: tuple[str, str]) -> None:
    shown = program("status", expect=4).out

    assert "beats, workers   1, 1" in shown
    assert "agent_http_error" in shown
    assert program("status", "--json", expect=4).json["failures"]["count"] >= 1


def test_it_is_run_again_until_it_has_answered(program: Program, failed: tuple[str, str]) -> None:
    again = program("retry", failed[1], "--wait")

    assert again.out == "Hello\n"
    assert [line.split(" ", 2)[2].split(",")[0] for line in again.err.splitlines()][-1] == "succeeded"
    assert "starts" in again.err.splitlines()[0]
    found = program("show-run", failed[1], "--json").json
    assert program("show-run", found["retried_by"], "--json").json["retry_of"] == failed[1]


def test_a_succeeded_run_is_not_run_again(program: Program, failed: tuple[str, str]) -> None:
    done = program("run", "Morning briefing", "--wait", "--json").json

    refused = program("retry", done["_id"], expect=1)

    assert "run_not_retryable" in refused.err


def test_why_it_did_not_run(program: Program, failed: tuple[str, str]) -> None:
    shown = program("why", failed[0], "2020-06-01T09:00:00Z").out

    assert shown.startswith("The schedule was created ")
    assert program("why", failed[0], "--json").json["outcome"] in ("not_a_fire_time", "ran", "due")


def test_the_agent_is_paused_until_monday_and_resumed(program: Program, failed: tuple[str, str]) -> None:
    paused = program("pause", "--agent", "digest", "--until", "monday", "--note", "It breaks").out

    assert paused.startswith("Paused agent digest until")
    assert "schedule_inactive" in program("run", failed[0], expect=1).err
    assert "PAUSED: agent digest until" in program("status", expect=4).out
    [line] = [line for line in program("agents").out.splitlines() if line.startswith("digest")]
    assert " paused until " in line
    assert line.endswith(": It breaks")
    [line] = [line for line in program("list").out.splitlines() if line.startswith(failed[0])]
    assert " paused with its agent until " in line
    assert program("resume", "--agent", "digest").out == "Resumed agent digest.\n"
    assert "PAUSED" not in program("status", expect=4).out
    assert program("run", failed[0]).out == f"Schedule {failed[0]} will run in 10 s.\n"


def test_a_schedule_is_paused_by_itself(program: Program, failed: tuple[str, str]) -> None:
    assert program("pause", failed[0], "--note", "Too many").out == f"Paused schedule {failed[0]}.\n"

    assert "paused: Too many" in program("show", failed[0]).out
    resumed = program("resume", failed[0], "--json").json
    assert (resumed["is_active"], "pause" in resumed) == (True, False)


def test_the_workspace_is_paused_by_a_key_that_may(
    program: Program, service: Service, failed: tuple[str, str]
) -> None:
    admin = Program(program.url, service.admin_token)
    assert "insufficient_scope" in program("pause", "--workspace", expect=1).err

    assert admin("pause", "--workspace", "--until", "2h").out.startswith("Paused the workspace until ")

    assert "PAUSED: the workspace until" in program("status", expect=4).out
    assert " paused with the workspace until " in program("list").out
    assert admin("resume", "--workspace").out == "Resumed the workspace.\n"
    assert program("show", failed[0], "--json").json["is_active"]


def test_what_is_not_there_is_not_paused(program: Program) -> None:
    assert "(agent_not_found)" in program("pause", "--agent", "unknown", expect=1).err
    assert "No schedule is called 'unknown'" in program("pause", "unknown", expect=1).err


def test_nothing_is_paused_unless_one_thing_is_named(program: Program) -> None:
    program("pause", expect=2)
    program("pause", "Morning briefing", "--workspace", expect=2)
