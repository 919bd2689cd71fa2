"""Adding and editing schedules: the verbs judge and write, and only what was changed is changed."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from schedules import editing
from schedules.admin.change_schedule_form import ChangeScheduleForm
from schedules.database.clock import database_now
from schedules.models import Agent, RunState, Schedule
from schedules.previewing import HERD
from schedules.secrets import payloads
from tests.api.caller import Caller, schedule_path
from tests.console.browser import form_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import finish, make_agent, make_due_schedule, make_run, make_schedule, make_token

pytestmark = pytest.mark.django_db

ADD = reverse("admin:schedules_schedule_add")
SECRET = {"input": "{{token}}", "variables": {"token": {"secret": True, "value": "s3cr3t"}, "city": "Oslo"}}


REFUSED = [
    ("expression", "0 0 9 * *", "Valid example"),
    ("expression", "0 */5 9 * * *", "one hour"),
    ("expression", "0 0 0 30 feb *", "never fires"),
    ("expression", "", "required"),
    ("agent_tag", "v9", "no version tagged"),
    (
        "payload",
        "{not json",
        "not JSON: Expecting property name enclosed in double quotes at line 1, column 2",
    ),
    ("payload", "", "required"),
    ("payload", "[1]", "must be an object"),
    ("payload", '{"prompt": "x"}', "no field 'prompt'"),
    ("payload", "{}", "input is missing"),
    ("payload", '{"input": 5}', "must be a string or an array"),
    ("payload", '{"variables": {"a": {"secret": true}}}', "secret variable"),
    (
        "payload",
        '{"input": "", "variables": {"a": {"secret": true, "value": "********"}}}',
        "no secret is stored",
    ),
    ("payload", '{"metadata": {"a": NaN}}', "NaN"),
    ("payload", '{"input": "a\\u0000b"}', "NUL"),
    ("payload", '{"input": "\\ud800"}', "surrogate"),
    ("payload", "[" * 100_000, "nested more than"),
    ("display_name", "n" * 256, "at most 255"),
]


def page_of(schedule: Schedule) -> str:
    """The schedule's page."""
    return reverse("admin:schedules_schedule_change", args=(schedule.pk,))


def written(client: Client, address: str, **values: Any) -> dict[str, str]:
    """The form as the page shows it, with what a person writes into it."""
    form = form_of(client.get(address), "schedule_form")
    for name, value in values.items():
        if value is None:
            form.pop(name)
        else:
            form[name] = value if isinstance(value, str) else json.dumps(value)
    return form


def sent(client: Client, address: str, form: dict[str, str]) -> Any:
    """The answer to a form; where the console asks whether that is meant, it is."""
    response = client.post(address, form)
    asked = form_of(response, "confirm_form") if response.status_code == 200 else {}
    return client.post(address, asked | {"confirmed": ""}) if asked else response


def save(client: Client, schedule: Schedule, **values: Any) -> Schedule:
    """The schedule after the form was saved."""
    response = sent(client, page_of(schedule), written(client, page_of(schedule), **values))
    assert response.status_code == 302, response.context["adminform"].form.errors
    return Schedule.objects.get(pk=schedule.pk)


def errors(client: Client, address: str, **values: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field; nothing was saved."""
    before = list(Schedule.objects.values())
    response = client.post(address, written(client, address, **values))
    assert response.status_code == 200
    assert list(Schedule.objects.values()) == before
    refused: dict[str, list[str]] = response.context["adminform"].form.errors
    return {name: list(texts) for name, texts in refused.items()}


def facts(schedule: Schedule) -> tuple[object, ...]:
    """What must stay when nothing was changed."""
    return (
        schedule.generation,
        schedule.anchor_at,
        schedule.next_fire_at,
        schedule.trigger_count,
        schedule.payload,
        schedule.updated_at,
        schedule.updated_by_id,
        schedule.display_name,
    )


class TestAdding:
    """A new schedule."""

    def fields(self, agent: Agent, **values: Any) -> dict[str, Any]:
        new = {"agent": agent.pk, "expression": "0 0 9 * * mon-fri", "payload": SECRET}
        return new | values

    def test_it_is_created_as_the_api_would(self, operator: Client) -> None:
        agent = make_agent(tags=("v1",))
        values = self.fields(agent, display_name="Digest", agent_tag="v1")

        response = operator.post(ADD, written(operator, ADD, **values))

        schedule = Schedule.objects.get()
        assert response.status_code == 302
        assert (schedule.agent, schedule.workspace) == (agent, agent.workspace)
        assert (schedule.display_name, schedule.agent_tag) == ("Digest", "v1")
        assert (schedule.generation, schedule.is_active) == (1, True)
        assert schedule.created_by_id == "user_operator"
        assert schedule.next_fire_at == schedule.cadence.next_after(schedule.created_at)
        assert payloads.opened(schedule.payload) == SECRET
        assert "s3cr3t" not in json.dumps(schedule.payload)

    def test_absent_texts_are_absent(self, operator: Client) -> None:
        operator.post(ADD, written(operator, ADD, **self.fields(make_agent())))

        schedule = Schedule.objects.get()
        assert schedule.display_name is None
        assert schedule.agent_tag is None

    def test_a_long_name_signs_in_forty_characters(self, person: MakePerson) -> None:
        somebody = person("*", username="n" * 150)

        somebody.post(ADD, written(somebody, ADD, **self.fields(make_agent())))

        assert Schedule.objects.get().created_by_id == "user_" + "n" * 35

    def test_what_is_wrong_is_said_at_its_field(self, operator: Client) -> None:
        form = written(operator, ADD, **self.fields(make_agent()))

        for field, value, says in REFUSED:
            response = operator.post(ADD, form | {field: value})

            refused = response.context["adminform"].form.errors
            assert list(refused) == [field], (field, value)
            assert says in refused[field][0]
        assert not Schedule.objects.exists()

    def test_a_message_does_not_repeat_its_fields_name(self, operator: Client) -> None:
        refused = errors(operator, ADD, **self.fields(make_agent(), expression="0 0 9 * *"))

        assert not refused["expression"][0].startswith("expression")

    def test_an_instant_in_the_past_is_refused(self, operator: Client) -> None:
        values = self.fields(make_agent(), expression="@at 2020-01-01T00:00:00Z")

        assert "past" in errors(operator, ADD, **values)["expression"][0]

    @pytest.mark.parametrize(
        ("expression", "type_"),
        [("0 0 9 * * *", "cron"), ("@every 6h", "interval"), ("@at 2099-05-01T09:00:00Z", "once")],
    )
    def test_the_type_follows_from_the_expression(
        self, operator: Client, expression: str, type_: str
    ) -> None:
        operator.post(ADD, written(operator, ADD, **self.fields(make_agent(), expression=expression)))

        assert Schedule.objects.get().type == type_

    def test_what_was_probably_meant_otherwise_is_said_before_it_is_saved(self, operator: Client) -> None:
        form = written(operator, ADD, **self.fields(make_agent(), expression="0 2 * * ? *"))

        asked = operator.post(ADD, form)

        assert "every hour at minute 2" in text_of(asked)
        assert "0 0 2 * * *" in text_of(asked)
        assert "s3cr3t" not in text_of(asked)
        assert not Schedule.objects.exists()

        saved = operator.post(ADD, form_of(asked, "confirm_form") | {"confirmed": ""})

        assert saved.status_code == 302
        assert Schedule.objects.get().expression == "0 2 * * ? *"
        assert payloads.opened(Schedule.objects.get().payload) == SECRET

    def test_who_goes_back_finds_the_form_as_it_was_written(self, operator: Client) -> None:
        form = written(operator, ADD, **self.fields(make_agent(), expression="0 2 * * ? *"))
        asked = operator.post(ADD, form)

        again = operator.post(ADD, form_of(asked, "confirm_form") | {"back": ""})

        assert not Schedule.objects.exists()
        assert form_of(again, "schedule_form")["expression"] == "0 2 * * ? *"
        assert "s3cr3t" not in text_of(again)

    def test_what_waits_is_one_persons_alone(self, operator: Client, person: MakePerson) -> None:
        form = written(operator, ADD, **self.fields(make_agent(), expression="0 2 * * ? *"))
        asked = form_of(operator.post(ADD, form), "confirm_form")
        somebody_else = person("*", username="somebody.else")

        refused = somebody_else.post(ADD, asked | {"confirmed": ""})

        assert refused.status_code == 200
        assert not Schedule.objects.exists()

    def test_a_herd_is_told_before_another_joins_it(self, operator: Client) -> None:
        agent = make_agent()
        for _ in range(HERD):
            make_schedule(agent, database_now(), expression="0 0 9 * * *")

        asked = operator.post(ADD, written(operator, ADD, **self.fields(agent, expression="0 0 9 * * *")))

        assert f"{HERD} other schedules of the workspace fire at that instant" in text_of(asked)
        assert Schedule.objects.count() == HERD

    def test_what_was_written_stays_in_a_refused_form(self, operator: Client) -> None:
        values = self.fields(make_agent(), expression="nonsense", payload="{not json")

        again = form_of(operator.post(ADD, written(operator, ADD, **values)), "schedule_form")

        assert (again["expression"], again["payload"]) == ("nonsense", "{not json")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_schedule_is_held_from_the_check_of_its_form_to_the_end_of_the_transaction() -> None:
    schedule = make_schedule(now=database_now())

    def is_free() -> bool:
        try:
            with transaction.atomic():
                Schedule.objects.select_for_update(nowait=True).get()
        except OperationalError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as somebody_else:
        with transaction.atomic():
            assert somebody_else.submit(is_free).result()
            values = {
                "confirmed": "",
                "expression": "0 0 10 * * *",
                "payload": '{"input": ""}',
                "is_active": "on",
            }
            form = ChangeScheduleForm(values, instance=schedule)
            assert form.is_valid()
            assert not somebody_else.submit(is_free).result()
        assert somebody_else.submit(is_free).result()

    assert Schedule.objects.get().generation == 1  # nothing was kept of the rehearsal


def nested(levels: int) -> Any:
    """A payload of that many levels."""
    value: Any = "x"
    for _ in range(levels - 2):
        value = [value]
    return {"input": "", "metadata": {"deep": value}}


@pytest.mark.parametrize(
    ("payload", "is_stored"),
    [
        (nested(31), True),
        (nested(32), False),
        (nested(40), False),
        ({"input": "", "metadata": dict.fromkeys(map(str, range(992)))}, True),
        ({"input": "", "metadata": dict.fromkeys(map(str, range(993)))}, False),
        ({"input": "x" * 65_536}, True),
        ({"input": "x" * 65_537}, False),
    ],
)
def test_the_console_stores_exactly_the_payloads_that_the_api_stores(
    operator: Client, payload: dict[str, Any], is_stored: bool
) -> None:
    schedule = make_schedule(now=database_now())
    api = Caller(make_token(schedule.workspace))
    whole = {"type": schedule.type, "expression": schedule.expression, "is_active": True}
    body = whole | {"payload": payload, "agent_tag": None, "display_name": None}

    over_the_api = api.patch(schedule_path(schedule), body).status_code == 200
    form = written(operator, page_of(schedule), payload=payload, display_name="From the console")
    in_the_console = operator.post(page_of(schedule), form).status_code == 302

    assert over_the_api == in_the_console == is_stored


class TestEditing:
    """An existing schedule."""

    def test_the_form_shows_masks_and_the_next_fires(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), payload=SECRET)

        response = operator.get(page_of(schedule))

        shown = json.loads(form_of(response, "schedule_form")["payload"])
        assert shown["variables"]["token"] == {"secret": True, "value": "********"}
        fires: list[str] = []
        moment = schedule.next_fire_at
        while moment is not None and len(fires) < 5:
            fires.append(f"{moment:%Y-%m-%d %H:%M:%S} UTC")
            moment = schedule.cadence.next_after(moment)
        assert all(fire in text_of(response) for fire in fires)

    @pytest.mark.parametrize(
        "values",
        [
            {"payload": SECRET, "display_name": "Digest"},
            {
                "expression": "0 0 9 * * * ",
                "display_name": "  two\nlines ",
                "payload": {"input": "a\nb\r\nc\té"},
            },
            {
                "type": "interval",
                "expression": "@every 6h",
                "payload": {"input": "", "metadata": {"b": 1.0, "a": [None]}},
            },
        ],
    )
    def test_an_untouched_form_changes_nothing(self, operator: Client, values: dict[str, Any]) -> None:
        schedule = make_schedule(now=database_now() - timedelta(minutes=10), **values)
        before = facts(Schedule.objects.get())

        after = save(operator, schedule)

        assert facts(after) == before

    def test_a_mask_keeps_the_secret_and_the_rest_changes(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), payload=SECRET)
        values = {"input": "new", "variables": {"token": {"secret": True, "value": "********"}}}

        after = save(operator, schedule, payload=values)

        assert payloads.opened(after.payload)["variables"] == {"token": {"secret": True, "value": "s3cr3t"}}
        assert after.payload["input"] == "new"
        assert (after.generation, after.next_fire_at) == (1, schedule.next_fire_at)
        assert after.updated_by_id == "user_operator"

    def test_a_new_expression_restarts_the_cadence(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        Schedule.objects.update(trigger_count=7)

        after = save(operator, schedule, expression="0 0 10 * * *")

        assert (after.generation, after.trigger_count) == (2, 0)
        assert after.next_fire_at is not None
        assert after.next_fire_at.hour == 10

    def test_a_new_expression_is_warned_of_once_and_the_stored_one_never(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), expression="0 2 * * ? *")

        assert save(operator, schedule, display_name="Digest").display_name == "Digest"
        form = written(operator, page_of(schedule), expression="0 3 * * ? *")
        warned = operator.post(page_of(schedule), form)
        assert "minute 3" in text_of(warned)
        assert Schedule.objects.get().generation == 1
        operator.post(page_of(schedule), form_of(warned, "confirm_form") | {"confirmed": ""})

        after = Schedule.objects.get()
        assert (after.expression, after.generation) == ("0 3 * * ? *", 2)

    def test_the_switch_pauses_and_resumes(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())

        paused = save(operator, schedule, is_active=None)
        resumed = save(operator, schedule, is_active="on")

        assert (paused.is_active, paused.generation) == (False, 1)
        assert (resumed.is_active, resumed.generation) == (True, 2)

    def test_a_once_that_has_passed_cannot_be_resumed(self, operator: Client) -> None:
        schedule = make_due_schedule(due_at=database_now() - timedelta(minutes=1))
        finish(schedule)

        assert "past" in errors(operator, page_of(schedule), is_active="on")["expression"][0]

    def test_a_new_cadence_shows_what_comes_of_it_before_it_is_saved(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        make_run(schedule)

        asked = operator.post(
            page_of(schedule), written(operator, page_of(schedule), expression="0 0 9 * * mon")
        )

        shown = text_of(asked)
        assert Schedule.objects.get().generation == 1
        for words in (
            "1 → 2",
            "1 will be discarded",
            "Added in the next 30 days: 0",
            "0 0 9 * * * → 0 0 9 * * mon",
        ):
            assert words in shown
        removed = asked.context["effect"].removed
        assert {moment.isoweekday() for moment in removed} == {2, 3, 4, 5, 6, 7}
        assert len(removed) + asked.context["effect"].kept_count == 30

    def test_a_new_payload_shows_its_lines_and_discards_nothing(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), payload=SECRET)
        make_run(schedule)
        new = {"input": "{{token}}", "variables": SECRET["variables"] | {"city": "Bergen"}}  # type: ignore[operator]

        asked = operator.post(page_of(schedule), written(operator, page_of(schedule), payload=new))

        shown = text_of(asked)
        assert "Oslo" in shown
        assert "Bergen" in shown
        assert "none will be discarded" in shown
        assert "s3cr3t" not in shown

    def test_a_pause_by_the_form_discards_what_waits(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        run = make_run(schedule)

        save(operator, schedule, is_active=None)

        run.refresh_from_db()
        assert run.state == RunState.DISCARDED

    def test_an_emptied_name_and_tag_are_cleared(self, operator: Client) -> None:
        schedule = make_schedule(make_agent(tags=("v1",)), database_now(), display_name="n", agent_tag="v1")

        after = save(operator, schedule, display_name="", agent_tag="")

        assert (after.display_name, after.agent_tag) == (None, None)

    def test_what_somebody_else_changed_meanwhile_is_told_and_stays(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), display_name="old")
        mine = written(operator, page_of(schedule), display_name="mine")
        theirs = {"expression": "0 0 17 * * *", "payload": {"input": "theirs"}}
        editing.update(schedule.pk, theirs, "apk_other", database_now())  # type: ignore[arg-type]  # a literal

        refused = operator.post(page_of(schedule), mine)

        assert Schedule.objects.get().display_name == "old"
        assert "changed this schedule now: type" not in text_of(refused)
        assert "0 0 9 * * * → 0 0 17 * * *" in text_of(refused)
        again = form_of(refused, "schedule_form")
        assert (again["display_name"], again["expression"]) == ("mine", "0 0 17 * * *")

        operator.post(page_of(schedule), again)

        after = Schedule.objects.get()
        assert (after.display_name, after.expression) == ("mine", "0 0 17 * * *")
        assert after.payload == {"input": "theirs"}
        assert after.generation == 2

    def test_a_schedule_deleted_meanwhile_is_not_revived(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        mine = written(operator, page_of(schedule), display_name="mine")
        editing.delete(schedule.pk, "apk_other", database_now())

        response = operator.post(page_of(schedule), mine)

        assert response.status_code == 403
        assert Schedule.objects.get().display_name is None

    @pytest.mark.parametrize("memory", ["", "nonsense", "[]", "{}"])
    def test_without_its_memory_the_form_still_repeats_what_is_stored(
        self, operator: Client, memory: str
    ) -> None:
        schedule = make_schedule(now=database_now(), payload=SECRET)

        after = save(operator, schedule, as_shown=memory)

        assert (after.generation, after.next_fire_at) == (1, schedule.next_fire_at)
        assert after.payload == schedule.payload

    def test_two_who_change_the_same_are_told_and_the_second_wins_knowingly(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        mine = written(operator, page_of(schedule), expression="0 0 10 * * *", is_active=None)
        editing.update(schedule.pk, {"expression": "0 0 17 * * *"}, "apk_other", database_now())

        refused = operator.post(page_of(schedule), mine)

        again = form_of(refused, "schedule_form")
        assert again["expression"] == "0 0 10 * * *"
        assert "is_active" not in again
        assert sent(operator, page_of(schedule), again).status_code == 302
        after = Schedule.objects.get()
        assert (after.expression, after.is_active) == ("0 0 10 * * *", False)

    def test_a_large_payload_can_be_edited(self, operator: Client) -> None:
        text = "word " * 12_000
        schedule = make_schedule(now=database_now(), payload={"input": text})

        after = save(operator, schedule, display_name="large")

        assert after.payload["input"] == text
        assert after.display_name == "large"

    @pytest.mark.parametrize("length", [30_000, 63_000])
    def test_a_large_payload_is_asked_about_and_saved(self, operator: Client, length: int) -> None:
        texts = [secrets.token_urlsafe(length)[:length] for _ in range(3)]
        schedule = make_schedule(now=database_now())

        after = save(operator, schedule, payload={"input": "new", "metadata": {"texts": texts}})

        assert after.payload["metadata"]["texts"] == texts

    def test_what_somebody_else_changes_between_question_and_answer_is_told(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now())
        asked = operator.post(
            page_of(schedule), written(operator, page_of(schedule), expression="0 0 10 * * *")
        )
        editing.update(schedule.pk, {"expression": "0 0 17 * * *"}, "apk_other", database_now())

        refused = operator.post(page_of(schedule), form_of(asked, "confirm_form") | {"confirmed": ""})

        assert Schedule.objects.get().expression == "0 0 17 * * *"
        assert "0 0 9 * * * → 0 0 17 * * *" in text_of(refused)
        assert form_of(refused, "schedule_form")["expression"] == "0 0 10 * * *"

    def test_the_history_says_who_changed_what_and_no_secret(self, operator: Client) -> None:
        schedule = make_schedule(now=database_now(), payload=SECRET)
        save(
            operator, schedule, payload={"input": "x", "variables": {"k": {"secret": True, "value": "n3w!"}}}
        )

        history = text_of(operator.get(reverse("admin:schedules_schedule_history", args=(schedule.pk,))))

        assert User.objects.get().username in history
        assert "payload" in history
        assert "n3w" not in history
