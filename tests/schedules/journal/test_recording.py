"""Each verb leaves one line, in its own transaction, and nobody changes it afterwards."""

import pytest
from django.db import DatabaseError, connection, transaction

from schedules import agents, api_keys, editing, journal
from schedules.actors import SERVICE, Actor, ActorKind, acting
from schedules.firing.due import fire_due
from schedules.models import JournalEntry, Run, Scope
from schedules.runs import transitions
from schedules.triggering import run_now
from tests.factories import NOON, make_agent, make_due_schedule, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

ANNA = Actor(ActorKind.USER, "7", "anna", "192.0.2.1")


def lines(verb: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(verb=verb).order_by("id"))


class TestWho:
    def test_whoever_came_through_a_door_is_named(self) -> None:
        schedule = make_schedule()

        with acting(lambda: ANNA):
            editing.update(schedule.id, {"display_name": "Report"}, "user_anna", NOON)

        [line] = lines("update")
        who = (line.actor_kind, line.actor_id, line.actor_name, line.address)
        assert who == ("user", "7", "anna", "192.0.2.1")
        assert (line.object_type, line.object_id) == ("schedule", schedule.id)
        assert line.workspace_id == schedule.workspace_id
        assert line.changes == {"display_name": {"old": None, "new": "Report"}}

    def test_whoever_came_through_none_is_the_service(self) -> None:
        schedule = make_due_schedule()

        fire_due(NOON, 10)

        [line] = lines("finish")
        assert (line.actor_kind, line.actor_name, line.object_id) == ("service", SERVICE.name, schedule.id)

    def test_a_manual_run_and_its_line_have_one_id(self) -> None:
        schedule = make_schedule()

        with acting(lambda: ANNA):
            run = run_now.trigger(schedule.id)

        line = JournalEntry.objects.get(id=run.id)
        assert (line.verb, line.object_id, line.actor_name) == ("run_now", schedule.id, "anna")
        assert (line.workspace_id, line.object_name) == (schedule.workspace_id, schedule.expression)

    def test_a_retry_and_a_cancel_know_their_actor(self) -> None:
        run = make_run(make_schedule())

        with acting(lambda: ANNA):
            transitions.cancel(run.id, NOON)
            again = run_now.run_again(run.id, NOON)

        [cancel], [retry] = lines("cancel"), lines("run_again")
        assert {cancel.actor_name, retry.actor_name} == {"anna"}
        assert (cancel.object_type, cancel.object_id, retry.object_id) == ("run", run.id, run.id)
        assert (retry.id, retry.changes) == (again.id, {"run": {"new": again.id}})


class TestWhat:
    def test_a_pause_says_how_many_runs_it_discarded(self) -> None:
        schedule = make_schedule()
        make_run(schedule)

        editing.update(schedule.id, {"is_active": False}, "apk_test", NOON)

        [line] = lines("update")
        assert line.changes == {"is_active": {"old": True, "new": False}}
        assert (line.generation, line.revision, line.discarded_count) == (None, 2, 1)

    def test_a_new_cadence_says_which_generation_it_began(self) -> None:
        schedule = make_schedule()

        editing.update(schedule.id, {"expression": "@daily"}, "apk_test", NOON)

        assert [line.generation for line in lines("update")] == [2]

    def test_an_edit_that_changes_nothing_has_a_line_since_it_makes_a_revision(self) -> None:
        schedule = make_schedule()

        editing.update(schedule.id, {"expression": schedule.expression}, "apk_test", NOON)

        assert [(line.revision, line.changes) for line in lines("update")] == [(2, {})]

    def test_a_secret_is_said_to_have_changed_and_never_shown(self) -> None:
        variables = {"token": {"secret": True, "value": "s3cret-of-old"}}
        schedule = make_schedule(payload={"input": "Hi", "variables": variables})

        variables = {"token": {"secret": True, "value": "s3cret-of-new"}}
        editing.update(schedule.id, {"payload": {"input": "Hi", "variables": variables}}, "apk_test", NOON)

        [line] = lines("update")
        assert line.changes == {"payload.variables.token": "changed"}
        assert "s3cret" not in str(list(JournalEntry.objects.values()))
        assert "sealed" not in str(list(JournalEntry.objects.values()))

    def test_of_a_long_value_length_and_digest_are_kept(self) -> None:
        schedule = make_schedule()

        editing.update(schedule.id, {"payload": {"input": "x" * 2000}}, "apk_test", NOON)

        [line] = lines("update")
        assert line.changes["payload"]["old"] == {"input": "Hello"}
        assert line.changes["payload"]["new"]["length"] == 2013
        assert len(line.changes["payload"]["new"]["sha256"]) == 64

    def test_an_agents_credential_is_said_to_have_changed(self) -> None:
        agent = agents.create(make_workspace(), "digest", {"runtime": "echo"})

        agents.update(agent.id, {"credential": "Bearer s3cret", "max_attempts": 9}, may_change_origin=True)

        [line] = lines("update")
        assert line.changes == {"credential": "changed", "max_attempts": {"old": 5, "new": 9}}

    def test_keys_are_issued_and_revoked_on_record(self) -> None:
        issued = api_keys.issue(make_workspace(), scope=Scope.READ, name="CI")

        api_keys.revoke(issued.key, NOON)

        of_key = JournalEntry.objects.filter(object_id=issued.key.id)
        assert set(of_key.values_list("verb", "object_type", "object_name")) == {
            ("create", "apikey", "CI"),
            ("revoke", "apikey", "CI"),
        }
        assert issued.token not in str(list(JournalEntry.objects.values()))

    def test_what_is_done_at_one_go_shares_a_batch(self) -> None:
        first, second, other = (make_schedule(make_agent()) for _ in range(3))

        with journal.batch():
            editing.delete(first.id, "apk_test", NOON)
            editing.delete(second.id, "apk_test", NOON)
        editing.delete(other.id, "apk_test", NOON)

        batches = [line.batch_id for line in lines("delete")]
        assert batches[0] == batches[1] != ""
        assert batches[2] == ""


class TestOneTransaction:
    def test_an_act_that_is_taken_back_leaves_no_line(self) -> None:
        schedule = make_schedule()

        with transaction.atomic():
            editing.delete(schedule.id, "apk_test", NOON)
            run_count = Run.objects.count()
            transaction.set_rollback(True)

        assert lines("delete") == []
        assert run_count == 0

    def test_a_cancel_that_comes_too_late_leaves_none(self) -> None:
        run = make_run(make_schedule(), state="succeeded")

        assert not transitions.cancel(run.id, NOON)

        assert lines("cancel") == []


class TestAppendOnly:
    def test_no_line_is_changed(self) -> None:
        make_schedule()

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            JournalEntry.objects.update(actor_name="somebody else")

    @pytest.mark.postgresql
    def test_no_line_is_deleted(self) -> None:
        make_schedule()

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            JournalEntry.objects.all().delete()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute("DELETE FROM schedules_journalentry")
