"""Every verb there is leaves its line, signed by whoever did it; one that has no row in the tables fails here."""

import ast
import getpass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import get_commands
from django.test import Client
from django.urls import reverse

from manage import django as manage
from schedules import journal
from schedules.api.description import description
from tests.api import matrix
from tests.api.caller import Caller
from tests.schedules.journal.every_command import CHANGING, DJANGOS, READING
from tests.schedules.journal.every_console_verb import USES, Desk, there_are
from tests.schedules.journal.every_operation import OPERATIONS
from tests.schedules.journal.every_service_act import ACTS
from tests.schedules.journal.lines import acts, written_by

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]


class TestTheApi:
    @staticmethod
    def operations() -> dict[str, tuple[str, str]]:
        """Method and path, by operationId; without those that only read."""
        return {
            operation["operationId"]: (method.upper(), path)
            for path, methods in description()["paths"].items()
            for method, operation in methods.items()
            if method != "get"
        }

    def test_every_operation_has_a_row(self) -> None:
        assert set(self.operations()) == set(OPERATIONS)

    @pytest.mark.parametrize("operation_id", OPERATIONS)
    def test_its_line_names_the_key(self, operation_id: str) -> None:
        method, path = self.operations()[operation_id]
        [call] = [
            call
            for call in matrix.CALLS
            if (call.method, "/" + call.route.replace("<str:", "{").replace(">", "}")) == (method, path)
        ]
        world = matrix.World.new()
        token = str(matrix.CALLERS[matrix.ADMIN](world))
        matrix.make_ready(world, call)

        lines = written_by(lambda: Caller(token).call(call.method, world.path(call), call.body))

        assert acts(lines) == OPERATIONS[operation_id]
        for line in lines:
            assert (line.actor_kind, line.actor_id) == ("key", token.split("-")[2])
            assert line.address == "127.0.0.1"
            assert line.workspace_id == world.agent.workspace_id


class TestTheConsole:
    def test_every_form_button_and_action_has_a_row(self) -> None:
        assert sorted(there_are(Desk().user)) == sorted(USES)

    @pytest.mark.parametrize("name", USES)
    def test_its_line_names_the_person(self, name: str) -> None:
        desk = Desk()

        lines = written_by(lambda: USES[name].do(desk))

        assert acts(lines) == USES[name].acts
        for line in lines:
            assert (line.actor_kind, line.actor_id) == ("user", str(desk.user.pk))
            assert (line.actor_name, line.address) == ("operator", "127.0.0.1")

    @pytest.mark.parametrize("name", sorted(name for name in USES if " action " in name))
    def test_what_is_done_from_a_list_shares_a_batch(self, name: str) -> None:
        desk = Desk()

        lines = written_by(lambda: USES[name].do(desk))

        assert {bool(line.batch_id) for line in lines} == {True}

    @pytest.mark.parametrize(("typed", "named"), [("anna", "anna"), ("hunter2-S3cr3t", "")])
    def test_a_refused_login_has_a_line_of_nobody_and_no_password_that_was_typed_as_a_name(
        self, typed: str, named: str
    ) -> None:
        User.objects.create(username="anna")
        form = {"username": typed, "password": "wrong"}

        [line] = written_by(lambda: Client().post(reverse("admin:login"), form))

        assert (line.verb, line.object_type, line.object_name) == ("fail_log_in", "user", named)
        assert (line.actor_kind, line.actor_id, line.address) == ("nobody", "", "127.0.0.1")


class TestCommands:
    def test_every_command_of_ours_has_a_row(self) -> None:
        ours = {name for name, app in get_commands().items() if app == "schedules"}

        assert ours == (set(CHANGING) | READING) - DJANGOS

    @pytest.mark.django_db(transaction=True)  # a command closes its connection
    @pytest.mark.parametrize("name", CHANGING)
    def test_its_line_names_the_user_of_the_system(
        self, name: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ORQ = settings.ORQ.model_copy(update={"data_dir": tmp_path})
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
        words = CHANGING[name].words()

        lines = written_by(lambda: manage(["manage.py", name, *words]))

        assert acts(lines) >= CHANGING[name].acts
        for line in lines:
            assert (line.actor_kind, line.actor_id, line.actor_name) == ("command", "", getpass.getuser())


class TestTheService:
    @pytest.mark.parametrize("name", ACTS)
    def test_what_it_does_by_itself_has_its_line(self, name: str) -> None:
        prepare, act = ACTS[name]
        do = prepare()

        lines = written_by(do)

        assert acts(lines) == {act}
        assert {(line.actor_kind, line.actor_name, line.address) for line in lines} == {
            ("service", "service", "")
        }


class TestVerbs:
    def test_every_verb_that_is_recorded_has_words_and_is_tried_above(self) -> None:
        tried = [
            *OPERATIONS.values(),
            *(use.acts for use in USES.values()),
            *(given.acts for given in CHANGING.values()),
            *({act} for _, act in ACTS.values()),
            {("fail_log_in", "user")},
        ]

        assert {verb for each in tried for verb, _ in each} == set(journal.VERBS) == recorded_verbs()


def recorded_verbs() -> set[str]:
    """The verbs that the code names where it writes a line."""
    return {
        verb
        for folder in ("orqsite", "schedules", "workers")
        for file in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and _name(call.func) in ("record", "record_act") and call.args
        for verb in _texts(call.args[0])
    }


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "journal":
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _texts(argument: ast.expr) -> list[str]:
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []
