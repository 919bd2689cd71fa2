"""The matrix: every page and verb by everybody, here and in another workspace. What is refused changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from schedules.admin.verbs import VerbAdmin
from schedules.models import Agent, JournalEntry, Membership, Run, Schedule, Workspace
from tests.console import role_matrix as matrix
from tests.console.browser import form_of, text_of
from tests.console.role_matrix import (
    BOTH,
    CALLERS,
    CHANGES,
    FORMS,
    LEAST,
    OUTSIDER,
    SUPERUSER,
    Least,
    Side,
    page,
)

ANYWHERE = (SUPERUSER, OUTSIDER, BOTH)
"""Callers who have rights outside `own`."""

VERBS = {model: [act for act in acts if act not in (*FORMS, "view")] for model, acts in LEAST.items()}
UNKNOWN = "01KPN29WWKSK0VDPJNTKZPVNRB"


class World:
    """Two workspaces, a caller, and a superuser to look things up."""

    def __init__(self, caller: Least) -> None:
        self.own, self.foreign = Side.new("acme"), Side.new("globex")
        self.caller = caller
        self.client = matrix.log_in(caller, self.own, self.foreign)
        self.is_stranger = caller not in ANYWHERE

    def form(self, address: str, model: str, *, is_allowed: bool) -> dict[str, str]:
        """The fields that the caller's page shows; a superuser's if the caller is shown none."""
        client = self.client if is_allowed else self.everything()
        return form_of(client.get(address), f"{model}_form")

    def everything(self) -> Client:
        """Somebody who may do everything."""
        user, _ = User.objects.get_or_create(
            username="root", defaults={"is_staff": True, "is_superuser": True}
        )
        client = Client()
        client.force_login(user)
        return client


@pytest.fixture
def world(db: None, caller: Least) -> World:
    """What every cell begins with."""
    return World(caller)


@contextmanager
def undone() -> Iterator[None]:
    """What happens in the block is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def for_each_model(test: Callable[[Any, World, Least, str], None]) -> Callable[[Any, World, Least], None]:
    """The test, for every model in a world as it was; it says for which one it failed."""

    def test_all(self: Any, world: World, caller: Least) -> None:
        for model in LEAST:
            with undone(), naming(model):
                test(self, world, caller, model)

    test_all.__name__, test_all.__doc__ = test.__name__, test.__doc__
    return test_all


@contextmanager
def naming(model: str) -> Iterator[None]:
    """A failure in the block is one of this model."""
    try:
        yield
    except AssertionError as failure:
        failure.add_note(f"model: {model}")
        raise


def same(one: Any, other: Any, ids: tuple[Any, Any]) -> bool:
    """Whether two answers cannot be told apart but for the id that was asked for."""
    place, other_place = one.get("Location", ""), other.get("Location", "")
    is_same_place: bool = place == other_place.replace(str(ids[1]), str(ids[0]))
    return bool(one.status_code == other.status_code) and is_same_place


def unknown(model: str) -> str:
    """An id that no row of the model has."""
    return {"missedfiring": "4711", "membership": "4711", "workspace": "0" * 32}.get(model, UNKNOWN)


@pytest.mark.parametrize("caller", CALLERS)
class TestLooking:
    """Lists, searches, filters, pages and histories."""

    @for_each_model
    def test_a_list_ends_at_the_workspace(self, world: World, caller: Least, model: str) -> None:
        may_see = matrix.may_anywhere(caller, model, "view")
        response = world.client.get(page(model, "changelist"))

        assert response.status_code == (200 if may_see else 403)
        if may_see:
            shown = text_of(response)
            assert ("acme" in shown) == matrix.may(caller, model, "view")
            if world.is_stranger:
                assert "globex" not in shown

    @for_each_model
    def test_a_search_or_a_filter_finds_nothing_elsewhere(
        self, world: World, caller: Least, model: str
    ) -> None:
        if not matrix.may_anywhere(caller, model, "view") or not world.is_stranger:
            return
        foreign = world.foreign
        asked = [{"q": term} for term in ("globex", foreign.schedule.pk, foreign.pending.pk, foreign.key.pk)]
        if not admin.site.get_model_admin(type(foreign.row(model))).search_fields:
            asked = []
        if model not in ("workspace",):
            asked.append({"workspace": str(foreign.workspace.pk)})
        if model in ("schedule", "run", "missedfiring"):
            asked.append({"agent": foreign.agent.pk})
        if model in ("run", "missedfiring"):
            asked.append({"schedule": foreign.schedule.pk})

        for query in asked:
            response: Any = world.client.get(page(model, "changelist"), query)

            assert response.status_code == 200
            assert list(response.context["cl"].result_list) == [], query

    @for_each_model
    def test_a_page_and_a_history_are_for_who_may_look(self, world: World, caller: Least, model: str) -> None:
        pk = world.own.row(model).pk
        is_outside = matrix.may_anywhere(caller, model, "view") and not matrix.may(caller, model, "view")

        for name in ("change", "history"):
            response = world.client.get(page(model, name, pk))

            status = 200 if matrix.may(caller, model, "view") else 302 if is_outside else 403
            assert response.status_code == status, name
            if response.status_code == 200 and world.is_stranger:
                assert "globex" not in text_of(response)

    @for_each_model
    def test_elsewhere_a_page_answers_as_if_there_were_none(
        self, world: World, caller: Least, model: str
    ) -> None:
        if not world.is_stranger:
            return
        ids = (world.foreign.row(model).pk, unknown(model))

        for name in ("change", "history", "delete"):
            there, nowhere = (world.client.get(page(model, name, pk)) for pk in ids)

            assert there.status_code in (302, 403)
            assert same(there, nowhere, ids), name


@pytest.mark.parametrize("caller", CALLERS)
class TestWriting:
    """Forms and verbs."""

    @for_each_model
    def test_a_new_row_needs_the_role_in_its_workspace(self, world: World, caller: Least, model: str) -> None:
        for side in (world.own, world.foreign):
            with undone():
                self.add(world, caller, model, side)

    def add(self, world: World, caller: Least, model: str, side: Side) -> None:
        """Try to add a row there."""
        may_add, is_there = (
            matrix.may_anywhere(caller, model, "add"),
            self.is_allowed(world, caller, model, "add", side),
        )
        if LEAST[model]["add"] == matrix.NOBODY:
            assert world.client.post(page(model, "add"), {}).status_code == 403
            return
        shown = world.form(page(model, "add"), model, is_allowed=may_add)
        before, count = side.database(), Workspace.objects.count()

        response = world.client.post(page(model, "add"), shown | side.new_row(model))

        assert (response.status_code == 403) == (not may_add)
        is_new = side.database() != before or Workspace.objects.count() != count
        assert is_new == is_there, text_of(response)

    @for_each_model
    def test_a_row_is_changed_by_who_may(self, world: World, caller: Least, model: str) -> None:
        for side in (world.own, world.foreign):
            is_there = self.is_allowed(world, caller, model, "change", side)
            address = page(model, "change", side.row(model).pk)
            shown = world.form(address, model, is_allowed=is_there)
            before = side.database()

            response = world.client.post(address, shown | CHANGES[model])

            assert response.status_code in (302, 403)
            assert (side.database() != before) == is_there
            if not is_there and side is world.foreign and world.is_stranger:
                nowhere = world.client.post(page(model, "change", unknown(model)), shown)
                assert same(response, nowhere, (side.row(model).pk, unknown(model)))

    @for_each_model
    def test_a_row_is_deleted_by_who_may(self, world: World, caller: Least, model: str) -> None:
        if model == "workspace":
            return  # they are in use
        for side in (world.own, world.foreign):
            before = side.database()

            with undone():
                world.client.post(page(model, "delete", side.row(model).pk), {"post": "yes"})
                is_changed = side.database() != before

            assert is_changed == self.is_allowed(world, caller, model, "delete", side)

    @for_each_model
    def test_a_selection_is_deleted_only_if_the_person_may_delete_each(
        self, world: World, caller: Least, model: str
    ) -> None:
        rows = [side.row(model).pk for side in (world.own, world.foreign)]
        before = world.own.database(), world.foreign.database()
        form = {"action": "delete_selected", "_selected_action": rows, "post": "yes"}

        world.client.post(page(model, "changelist"), form)

        after = world.own.database(), world.foreign.database()
        is_allowed = model != "workspace" and matrix.may(caller, model, "delete")
        assert (after[0] != before[0]) == is_allowed
        if caller == BOTH and model in ("schedule", "agent"):
            assert after == before
        if world.is_stranger:
            assert after[1] == before[1]

    @for_each_model
    def test_a_verb_on_a_page(self, world: World, caller: Least, model: str) -> None:
        for verb in VERBS[model]:
            for side in (world.own, world.foreign):
                row, before = side.row(model, verb), side.database()
                with undone():
                    response = world.client.post(page(model, "do", row.pk, verb))
                    is_changed = side.database() != before

                is_there = self.is_allowed(world, caller, model, verb, side)
                assert is_changed == is_there, verb
                if not is_there:
                    assert response.status_code in (403, 404)
                if side is world.foreign and world.is_stranger:
                    nowhere = world.client.post(page(model, "do", unknown(model), verb))
                    assert same(response, nowhere, (row.pk, unknown(model)))

    @for_each_model
    def test_a_verb_on_a_selection_passes_over_what_the_person_may_not(
        self, world: World, caller: Least, model: str
    ) -> None:
        for verb in VERBS[model]:
            if verb == "rotate":
                continue  # each successor has a page of its own
            sides = (world.own, world.foreign)
            rows = [side.row(model, verb).pk for side in sides]
            before = [side.database() for side in sides]
            with undone():
                world.client.post(page(model, "changelist"), {"action": verb, "_selected_action": rows})
                changed = [side.database() != was for side, was in zip(sides, before, strict=True)]

            assert changed == [self.is_allowed(world, caller, model, verb, side) for side in sides], verb

    def is_allowed(self, world: World, caller: Least, model: str, act: str, side: Side) -> bool:
        """Whether the caller may do this on that side."""
        if side is world.own:
            return matrix.may(caller, model, act)
        return not world.is_stranger and matrix.may_anywhere(caller, model, act)


@pytest.mark.parametrize("caller", CALLERS)
class TestBeside:
    """What is no page of one model."""

    def test_what_belongs_to_no_workspace_is_for_superusers(self, world: World, caller: Least) -> None:
        for model in matrix.GLOBAL:
            base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            addresses = [reverse(f"{base}_changelist"), reverse(f"{base}_add")]
            addresses += [reverse(f"{base}_{name}", args=(1,)) for name in ("change", "delete", "history")]

            for address in addresses:
                status = world.client.get(address).status_code
                assert caller == SUPERUSER or status == 403, address

    def test_completions_end_at_the_workspace(self, world: World, caller: Least) -> None:
        fields = [
            (Schedule, "agent", "agent"),
            (Agent, "workspace", "workspace"),
            (Run, "schedule", "schedule"),
            (Membership, "user", None),
        ]
        for source, field, model in fields:
            query = {
                "app_label": "schedules",
                "model_name": str(source._meta.model_name),
                "field_name": field,
            }
            response = world.client.get(reverse("admin:autocomplete"), query)

            may_see = caller == SUPERUSER if model is None else matrix.may_anywhere(caller, model, "view")
            assert response.status_code == (200 if may_see else 403)
            assert "globex" not in text_of(response) or not world.is_stranger
            if may_see and model:
                assert ("acme" in text_of(response)) == matrix.may(caller, model, "view")

    def test_the_front_page_and_the_site_search_name_nothing_of_others(
        self, world: World, caller: Least
    ) -> None:
        pages = [
            world.client.get(reverse("admin:index")),
            world.client.get(reverse("admin:search"), {"s": "s", "extended": "1"}),
        ]
        for response in pages:
            shown = text_of(response)
            assert response.status_code == 200
            assert "globex" not in shown or not world.is_stranger
            for name in ("auth/user/", "auth/group/", "periodictask/", "auditresult/"):
                assert (name in shown) <= (caller == SUPERUSER), name

    def test_the_journal_ends_at_the_workspaces_of_operators(self, world: World, caller: Least) -> None:
        own = matrix.suffices(matrix.role_in_own(caller), matrix.OPERATOR)
        shown = text_of(world.client.get(page(matrix.BY_LINE, "changelist")))
        lines = [
            JournalEntry.objects.filter(workspace_id=side.workspace.pk).latest("id")
            for side in (world.own, world.foreign)
        ]
        statuses = [world.client.get(page(matrix.BY_LINE, "change", line.pk)).status_code for line in lines]

        assert ("acme" in shown) == own
        assert ("globex" in shown) == (not world.is_stranger)
        closed = 403 if caller == matrix.NOBODY else 302
        assert statuses == [200 if own else closed, closed if world.is_stranger else 200]

    def test_a_row_is_not_betrayed_by_the_link_to_the_site(self, world: World, caller: Least) -> None:
        for pk in (world.foreign.schedule.pk, UNKNOWN):
            assert world.client.get(f"/console/r/1/{pk}/").status_code == 404


def test_every_model_and_verb_has_its_row() -> None:
    registered = {model: admin.site.get_model_admin(model) for model, _ in list(admin.site._registry.items())}

    assert {model._meta.model_name for model in registered} == {
        *LEAST,
        matrix.BY_LINE,
        *(model._meta.model_name for model in matrix.GLOBAL),
    }
    for model, pages in registered.items():
        verbs = [verb.name for verb in pages.verbs] if isinstance(pages, VerbAdmin) else []
        assert sorted(verbs) == sorted(VERBS.get(str(model._meta.model_name), [])), model
