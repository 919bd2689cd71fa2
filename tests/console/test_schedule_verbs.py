"""Run now, pause, resume and delete: from the list and from a schedule's page."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import redis
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from schedules import editing
from schedules.admin import verbs
from schedules.database.clock import database_now
from schedules.messages.dispatch import EXECUTE_RUN
from schedules.models import TRIGGER_DELAY, DiscardReason, Run, RunState, Schedule, TriggerKind
from tests.console.browser import forms_to, messages_of, text_of
from tests.factories import finish, make_agent, make_due_schedule, make_run, make_schedule
from tests.messages import queued

pytestmark = pytest.mark.django_db

LIST = reverse("admin:schedules_schedule_changelist")


def press(client: Client, schedule: Schedule, verb: str) -> Any:
    """The page after one of its buttons was pressed."""
    address = reverse("admin:schedules_schedule_do", args=(schedule.pk, verb))
    return client.post(address, follow=True)


def choose(client: Client, verb: str, *schedules: Schedule, **values: Any) -> Any:
    """The list after an action was run on some of its rows."""
    form = {"action": verb, "_selected_action": [schedule.pk for schedule in schedules]}
    return client.post(LIST, form | values, follow=True)


def buttons(client: Client, schedule: Schedule) -> set[str]:
    """The verbs a schedule's page offers."""
    actions = forms_to(client.get(reverse("admin:schedules_schedule_change", args=(schedule.pk,))))
    return {action.rstrip("/").rsplit("/", 1)[1] for action in actions if "/do/" in action}


def paused_schedule(**fields: Any) -> Schedule:
    """One that a person has paused."""
    schedule = make_schedule(now=database_now(), **fields)
    return editing.update(schedule.id, {"is_active": False}, "apk_test", database_now())


def test_run_now_makes_one_run_ten_seconds_ahead(operator: Client) -> None:
    schedule = make_schedule(now=database_now())

    response = press(operator, schedule, "run-now")

    run = Run.objects.get()
    assert (run.schedule, run.trigger, run.state) == (schedule, TriggerKind.MANUAL, RunState.PENDING)
    assert run.not_before - run.created_at == TRIGGER_DELAY
    assert messages_of(response) == ["1 schedule will run in 10 s"]
    assert Schedule.objects.get().next_fire_at == schedule.next_fire_at
    assert run.id in text_of(response)


@pytest.mark.django_db(transaction=True)
def test_run_now_rings_the_worker(operator: Client, valkey: redis.Redis) -> None:
    schedule = make_schedule(now=database_now())

    press(operator, schedule, "run-now")

    run = Run.objects.get()
    assert queued(valkey) == [(EXECUTE_RUN, [run.id, run.generation])]


def test_pause_and_resume_from_the_page(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    run = make_run(schedule)

    assert messages_of(press(operator, schedule, "pause")) == ["1 schedule paused"]

    run.refresh_from_db()
    schedule.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DISCARDED, DiscardReason.SCHEDULE_INACTIVE)
    assert (schedule.is_active, schedule.updated_by_id) == (False, "user_operator")
    assert messages_of(press(operator, schedule, "resume")) == ["1 schedule resumed"]
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.generation) == (True, 2)


def test_a_page_offers_only_what_makes_sense(operator: Client) -> None:
    active, paused = make_schedule(now=database_now()), paused_schedule()
    deleted = make_schedule(make_agent(), database_now())
    editing.delete(deleted.id, "apk_test", database_now())

    assert buttons(operator, active) == {"run-now"}  # and a link to the page that pauses
    assert buttons(operator, paused) == {"resume"}
    assert buttons(operator, deleted) == set()


def test_a_list_action_says_what_was_done_and_what_was_not(operator: Client) -> None:
    active = [make_schedule(now=database_now()) for _ in range(2)]
    paused = [paused_schedule() for _ in range(3)]

    response = choose(operator, "run-now", *active, *paused)

    assert messages_of(response) == ["2 schedules will run in 10 s", "3 skipped: inactive"]
    assert Run.objects.count() == 2


def test_pausing_and_resuming_many_leaves_those_alone_that_are_so_already(operator: Client) -> None:
    active, paused = make_schedule(now=database_now()), paused_schedule()
    before = paused.updated_at

    assert messages_of(choose(operator, "pause", active, paused)) == [
        "1 schedule paused",
        "1 skipped: already inactive",
    ]
    assert Schedule.objects.get(id=paused.id).updated_at == before
    choose(operator, "resume", active)
    assert messages_of(choose(operator, "resume", active, paused)) == [
        "1 schedule resumed",
        "1 skipped: already active",
    ]


def test_a_once_that_has_passed_is_not_resumed_and_says_why(operator: Client) -> None:
    schedule = make_due_schedule(due_at=database_now())
    finish(schedule)

    (message,) = messages_of(press(operator, schedule, "resume"))

    assert message.startswith("1 skipped: expression: the instant is in the past")


def test_deleted_schedules_are_skipped_by_every_verb(operator: Client) -> None:
    schedule = make_schedule(now=database_now())
    editing.delete(schedule.id, "apk_test", database_now())

    for verb in ("run-now", "pause", "resume"):
        response = choose(operator, verb, schedule, deleted="only")
        assert messages_of(operator.get(LIST)) == []
        assert "will run" not in text_of(response)
        assert messages_of(press(operator, schedule, verb)) == ["1 skipped: deleted"]
    assert not Run.objects.exists()


def test_a_selection_that_is_too_large_does_nothing(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "MOST_AT_ONCE", 2)
    schedules = [make_schedule(now=database_now()) for _ in range(3)]

    response = choose(operator, "pause", *schedules)

    assert messages_of(response) == ["Nothing was done: select at most 2 at once"]
    assert Schedule.objects.filter(is_active=True).count() == 3


def test_all_pages_of_a_filter_can_be_selected(operator: Client) -> None:
    meant, other = make_agent(key="meant"), make_agent(key="other")
    for agent in (meant, meant, other):
        make_schedule(agent, database_now())
    one = meant.schedules.first()
    assert one is not None

    form = {"action": "pause", "_selected_action": [one.pk], "select_across": "1"}
    operator.post(f"{LIST}?agent={meant.pk}", form)

    assert Schedule.objects.filter(agent=meant, is_active=False).count() == 2
    assert Schedule.objects.filter(agent=other, is_active=True).count() == 1


def test_a_verb_is_noted_in_the_history(operator: Client) -> None:
    schedule = make_schedule(now=database_now())

    press(operator, schedule, "pause")

    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.get_change_message()) == (schedule.id, "Pause.")
    assert entry.user.get_username() == "operator"


class TestDeleting:
    """Through the verb, from the page and from the list."""

    def delete_one(self, client: Client, schedule: Schedule) -> Any:
        address = reverse("admin:schedules_schedule_delete", args=(schedule.pk,))
        return client.post(address, {"post": "yes"}, follow=True)

    def test_it_keeps_the_row_and_its_history(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        pending, past = make_run(schedule), make_run(schedule, state=RunState.SUCCEEDED)

        self.delete_one(operator, schedule)

        gone = Schedule.objects.get()
        assert gone.deleted_at is not None
        assert gone.updated_by_id == "user_operator"
        pending.refresh_from_db()
        assert (pending.state, pending.reason) == (RunState.DISCARDED, DiscardReason.SCHEDULE_DELETED)
        assert Run.objects.filter(id=past.id).exists()

    def test_the_question_names_it_and_does_not_count_its_runs(
        self, operator: Client, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
    ) -> None:
        schedule = make_schedule(now=database_now(), display_name="Digest")
        for _ in range(5):
            make_run(schedule)

        with django_assert_max_num_queries(8):
            shown = text_of(operator.get(reverse("admin:schedules_schedule_delete", args=(schedule.pk,))))

        assert "Digest (its pending runs will not start; its run history is kept)" in shown

    def test_the_list_action_deletes_each_through_the_verb(self, operator: Client) -> None:
        schedules = [make_schedule(now=database_now()) for _ in range(3)]

        page = choose(operator, "delete_selected", *schedules[:2])
        assert Schedule.objects.live().count() == 3
        assert "Are you sure" in text_of(page)
        choose(operator, "delete_selected", *schedules[:2], post="yes")

        assert Schedule.objects.count() == 3
        assert list(Schedule.objects.live()) == [schedules[2]]

    def test_a_deleted_schedule_is_shown_and_cannot_be_deleted_again(self, operator: Client) -> None:
        schedule = make_schedule(
            now=database_now(),
            payload={"input": "Hi", "variables": {"k": {"secret": True, "value": "s3cr3t"}}},
        )
        self.delete_one(operator, schedule)
        deleted_at = Schedule.objects.get().deleted_at

        shown = operator.get(reverse("admin:schedules_schedule_change", args=(schedule.pk,)))

        assert 'name="_save"' not in text_of(shown)
        assert "********" in text_of(shown)
        assert self.delete_one(operator, schedule).status_code == 403
        choose(operator, "delete_selected", schedule, post="yes", deleted="only")
        assert Schedule.objects.get().deleted_at == deleted_at
