"""People change agents: what is secret belongs to an origin."""

from typing import Final

from tests.proofs.mutants.mutant import Mutant

CHANGING = "schedules/agents/changing.py"
API = "tests/api/test_agents.py"
CONSOLE = "tests/console/test_agents.py"

AGENTS: Final = (
    Mutant(
        "secrets follow an agent to another server",
        CHANGING,
        "    for name in held_secrets(agent):\n",
        "    for name in ():\n",
        (f"{API}::test_another_origin_needs_every_stored_secret_anew",),
    ),
    Mutant(
        "a mask keeps a header's secret for another server",
        CHANGING,
        "return agent.extra_headers if is_same else None",
        "return agent.extra_headers",
        (f"{API}::test_another_origin_needs_every_stored_secret_anew",),
    ),
    Mutant(
        "everybody who may edit an agent sends its calls elsewhere",
        CHANGING,
        "    if not may_change_origin:\n",
        "    if may_change_origin is None:\n",
        (f"{CONSOLE}::TestOrigin::test_an_editor_may_not_change_it",),
    ),
    Mutant(
        "a deleted agent keeps its key for ever",
        CHANGING,
        "if Agent.objects.live().filter(workspace=workspace, key=key).exists():",
        "if Agent.objects.filter(workspace=workspace, key=key).exists():",
        (f"{API}::TestDeleting::test_its_key_is_free_again",),
    ),
    Mutant(
        "the schedules of a deleted agent go on",
        "schedules/retiring.py",
        "ended += sum(_end(schedule_id, now) for schedule_id in batch)",
        "break",
        (f"{API}::TestDeleting::test_its_schedules_end_and_their_history_stays",),
    ),
)
