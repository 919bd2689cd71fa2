"""API keys: nobody mints more than they have, and a key ends, is followed and is seen as its holder was told."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from structlog.testing import capture_logs

from schedules import api_keys
from schedules.api.api_key_cache import SECONDS, RememberedKeys
from schedules.database.clock import database_now
from schedules.errors import KeyNotWorking, KeyTooPowerful
from schedules.models import Agent, ApiKey, JournalEntry, Scope
from tests.api.caller import Caller, assert_error, document
from tests.commands.conftest import run as run
from tests.console.browser import form_of
from tests.console.conftest import operator as operator
from tests.console.conftest import person as person
from tests.factories import NOON, make_agent, make_schedule, make_token, make_workspace

pytestmark = pytest.mark.django_db

NEW = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hello"}}
YEAR = timedelta(days=365)


@pytest.fixture
def agent() -> Agent:
    """The agent that a limited key is for."""
    return make_agent(key="mine")


@pytest.fixture
def other(agent: Agent) -> Agent:
    """Another one of its workspace."""
    return make_agent(agent.workspace, key="other")


def caller(agent: Agent, scope: Scope = Scope.ADMIN, *limits: Agent) -> Caller:
    """A client of the agent's workspace, limited to some agents if there are any."""
    return Caller(make_token(agent.workspace, scope, agents=limits or None))


def mint(who: Caller, **body: Any) -> dict[str, Any]:
    """The document of a new key."""
    minted: dict[str, Any] = document(who.post("/v3/keys", {"scope": "read"} | body), 201)
    return minted


def test_a_limited_key_finds_no_other_agent(agent: Agent, other: Agent) -> None:
    theirs = make_schedule(other)
    who = caller(agent, Scope.ADMIN, agent)

    for method, path, body in [
        ("GET", "", None),
        ("PATCH", "", {"max_attempts": 2}),
        ("DELETE", "", None),
        ("GET", "/schedules", None),
        ("POST", "/schedules", NEW),
    ]:
        assert_error(who.call(method, f"/v3/agents/other{path}", body), 404, "agent_not_found")
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/execution"), ("GET", "/runs")]:
        address = f"/v3/agents/other/schedules/{theirs.id}{path}"
        assert_error(who.call(method, address), 404, "schedule_not_found")
    assert [each["key"] for each in document(who.get("/v3/agents"))["agents"]] == ["mine"]
    assert document(who.post("/v3/agents/mine/schedules", NEW), 201)["agent_key"] == "mine"


def test_a_limited_key_makes_no_agent(agent: Agent) -> None:
    who = caller(agent, Scope.ADMIN, agent)

    response = who.post("/v3/agents", {"key": "new", "runtime": "echo"})

    assert_error(response, 403, "insufficient_scope")
    assert Agent.objects.count() == 1


def test_an_idempotency_key_of_another_key_opens_no_other_agent(agent: Agent, other: Agent) -> None:
    full, limited = (make_token(agent.workspace, agents=limits) for limits in (None, [agent]))

    def create(token: str) -> Any:
        return Client().post(
            "/v3/agents/other/schedules",
            NEW,
            "application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
            HTTP_IDEMPOTENCY_KEY="one",
        )

    assert create(full).status_code == 201
    assert_error(create(limited), 404, "agent_not_found")


def test_a_new_agent_of_the_same_key_is_another_agent(agent: Agent) -> None:
    token = make_token(agent.workspace, Scope.READ, agents=[agent])
    agent.deleted_at = NOON
    agent.save()
    make_agent(agent.workspace, key="mine")

    assert_error(Caller(token).get("/v3/agents/mine"), 404, "agent_not_found")


def test_a_key_mints_no_more_than_itself(agent: Agent, other: Agent) -> None:
    elsewhere = make_workspace()
    for scope in Scope:
        minter = api_keys.issue(agent.workspace, scope=scope, agents=[agent]).key
        for wanted in Scope:
            for limits, is_within in (([agent], True), ([agent, other], False), (None, False)):
                may = scope.includes(wanted) and is_within
                if may:
                    api_keys.issue(agent.workspace, scope=wanted, agents=limits, minter=minter)
                else:
                    with pytest.raises(KeyTooPowerful):
                        api_keys.issue(agent.workspace, scope=wanted, agents=limits, minter=minter)
        with pytest.raises(KeyTooPowerful):
            api_keys.issue(elsewhere, scope=Scope.READ, agents=[agent], minter=minter)


def test_over_the_api_too(agent: Agent, other: Agent) -> None:
    who = caller(agent, Scope.ADMIN, agent)

    assert_error(who.post("/v3/keys", {"scope": "read"}), 403, "insufficient_scope")
    response = who.post("/v3/keys", {"scope": "read", "agent_keys": ["other"]})
    assert_error(response, 400, "invalid_request_body", "agent_keys")
    assert mint(who, agent_keys=["mine"])["agent_keys"] == ["mine"]


def test_a_wrong_item_of_a_list_is_named_with_its_place(agent: Agent) -> None:
    answer = caller(agent).post("/v3/keys", {"scope": "read", "agent_keys": [agent.key, 5]})

    assert "agent_keys[1]: " in assert_error(answer, 400, "invalid_request_body", "agent_keys")


@pytest.mark.parametrize("scope", [Scope.READ, Scope.TRIGGER, Scope.WRITE])
def test_keys_are_for_administrators(agent: Agent, scope: Scope) -> None:
    who = caller(agent, scope)
    key = ApiKey.objects.get()

    for method, path in [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{key.id}"),
        ("DELETE", f"/{key.id}"),
        ("POST", f"/{key.id}/rotation"),
    ]:
        assert_error(who.call(method, f"/v3/keys{path}"), 403, "insufficient_scope")
    assert ApiKey.objects.get().is_working


def test_what_may_do_more_or_is_elsewhere_is_not_found(agent: Agent, other: Agent) -> None:
    full = api_keys.issue(agent.workspace, scope=Scope.READ).key
    outside = api_keys.issue(make_workspace(), scope=Scope.READ).key
    who = caller(agent, Scope.ADMIN, agent)

    for key in (full, outside):
        for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/rotation")]:
            assert_error(who.call(method, f"/v3/keys/{key.id}{path}"), 404, "key_not_found")
    listed = document(who.get("/v3/keys"))["keys"]
    assert {key["_id"] for key in listed}.isdisjoint({full.id, outside.id})
    assert ApiKey.objects.filter(revoked_at=None).count() == 3


def test_the_token_is_shown_once_and_works(agent: Agent) -> None:
    who = caller(agent)

    minted = mint(who, name="CI", scope="write")

    shown = document(who.get(f"/v3/keys/{minted['_id']}"))
    assert Caller(minted["token"]).get("/v3/agents/mine").status_code == 200
    assert {name: value for name, value in minted.items() if name != "token"} == shown
    assert shown["created_by_id"] == ApiKey.objects.get(scope=Scope.ADMIN).actor
    secret = ApiKey.objects.get(id=minted["_id"]).secret_sha256
    assert secret not in who.get("/v3/keys").content.decode()


def test_new_keys_end_after_a_year_unless_told_otherwise(agent: Agent, run: Any) -> None:
    who = caller(agent)
    run("create_api_key", "--workspace", agent.workspace.name, "--name=a")
    run("create_api_key", "--workspace", agent.workspace.name, "--name=b", "--expires-in=never")
    mint(who, name="c")
    mint(who, name="d", expires_at=None)

    ends = {key.name: key.expires_at for key in ApiKey.objects.exclude(name="")}

    assert ends["b"] is ends["d"] is None
    for end in (ends["a"], ends["c"]):
        assert end is not None
        assert abs(end - database_now() - YEAR) < timedelta(minutes=1)


def test_the_console_offers_a_year_and_notes_the_creator(agent: Agent, operator: Client) -> None:
    add = reverse("admin:schedules_apikey_add")
    form = form_of(operator.get(add), "apikey_form")
    written = {"workspace": str(agent.workspace_id), "name": "CI", "scope": "read", "agent_keys": "mine"}

    operator.post(add, form | written)

    key = ApiKey.objects.get()
    assert (key.created_by_id, key.agent_ids) == ("user_operator", [agent.id])
    assert key.expires_at is not None
    assert abs(key.expires_at - database_now() - YEAR) < timedelta(minutes=1)


def test_a_stored_key_goes_on_without_an_end(agent: Agent) -> None:
    token = make_token(agent.workspace, Scope.READ)

    assert ApiKey.objects.get().expires_at is None
    assert Caller(token).get("/v3/agents/mine").status_code == 200


def test_a_rotated_key_works_beside_its_successor_for_the_overlap(agent: Agent) -> None:
    issued = api_keys.issue(agent.workspace, scope=Scope.WRITE, name="CI", agents=[agent])

    response = caller(agent).post(f"/v3/keys/{issued.key.id}/rotation", {"overlap_seconds": 3600})

    successor = document(response, 201)
    assert (successor["name"], successor["scope"]) == ("CI", "write")
    assert (successor["agent_keys"], successor["replaces_id"]) == (["mine"], issued.key.id)
    for token in (issued.token, successor["token"]):
        assert Caller(token).get("/v3/agents/mine").status_code == 200
    issued.key.refresh_from_db()
    assert issued.key.expires_at is not None
    assert abs(issued.key.expires_at - database_now() - timedelta(hours=1)) < timedelta(minutes=1)


def test_no_overlap_revokes_and_an_earlier_end_stays(agent: Agent) -> None:
    now = database_now()
    soon = now + timedelta(minutes=5)
    gone, short = (
        api_keys.issue(agent.workspace, scope=Scope.READ, expires_at=end).key for end in (None, soon)
    )

    api_keys.rotate(gone.id, now, overlap=timedelta(0), expires_at=None)
    api_keys.rotate(short.id, now, overlap=timedelta(days=1), expires_at=None)

    gone.refresh_from_db()
    short.refresh_from_db()
    assert (gone.is_working, short.expires_at) == (False, soon)
    with pytest.raises(KeyNotWorking):
        api_keys.rotate(gone.id, now, overlap=timedelta(0), expires_at=None)


def test_a_remembered_key_ends_with_its_overlap(agent: Agent) -> None:
    moment = [100.0]
    remembered = RememberedKeys(lambda: moment[0])
    issued, now = api_keys.issue(agent.workspace, scope=Scope.READ), database_now()
    remembered.find(issued.token)

    api_keys.rotate(issued.key.id, now, overlap=timedelta(hours=1), expires_at=None)
    moment[0] += SECONDS

    key = remembered.find(issued.token)
    assert key is not None
    assert key.expires_at == now + timedelta(hours=1)


def test_the_command_rotates(agent: Agent, run: Any) -> None:
    old = api_keys.issue(agent.workspace, scope=Scope.READ).key

    token = run("rotate_api_key", old.actor, "--overlap", "none").strip()

    key = api_keys.find(token)
    assert key is not None
    assert (key.replaces_id, key.created_by_id) == (old.id, "command")
    old.refresh_from_db()
    assert not old.is_working


def test_the_console_rotates_and_shows_the_token_once(agent: Agent, operator: Client) -> None:
    old = api_keys.issue(agent.workspace, scope=Scope.READ).key

    response: Any = operator.post(reverse("admin:schedules_apikey_do", args=(old.pk, "rotate")))

    key = api_keys.find(response.context["token"])
    assert key is not None
    assert (key.replaces_id, key.created_by_id) == (old.id, "user_operator")


def test_the_last_use_says_where_it_came_from_at_one_write_a_minute(agent: Agent) -> None:
    who = caller(agent, Scope.READ)

    who.get("/v3/agents/mine")
    who.get("/v3/agents/mine")

    key = ApiKey.objects.get()
    assert key.last_used_address == "127.0.0.1"
    assert key.last_used_at is not None
    for seconds, address in ((30, "127.0.0.1"), (90, "192.0.2.1")):
        api_keys.note_use(key, key.last_used_at + timedelta(seconds=seconds), "192.0.2.1")
        assert ApiKey.objects.get().last_used_address == address


def test_keys_that_end_soon_are_named_in_the_log(agent: Agent) -> None:
    now, day = database_now(), timedelta(days=1)
    keys = {
        name: api_keys.issue(agent.workspace, scope=Scope.READ, name=name, expires_at=end).key
        for name, end in {"soon": now + day, "late": now + 60 * day, "over": now - day, "never": None}.items()
    }
    followed = api_keys.issue(agent.workspace, scope=Scope.READ, name="followed").key
    api_keys.rotate(followed.id, now, overlap=day, expires_at=None)
    api_keys.revoke(api_keys.issue(agent.workspace, scope=Scope.READ, expires_at=now + day).key, now)

    with capture_logs() as lines:
        count = api_keys.warn_of_expiring(now)

    assert count == 1
    assert [(line["event"], line["key_id"]) for line in lines] == [("key.expiring", keys["soon"].id)]


def test_the_service_notes_once_that_a_key_has_expired(agent: Agent) -> None:
    now, day = database_now(), timedelta(days=1)
    keys = {
        name: api_keys.issue(agent.workspace, scope=Scope.READ, name=name, expires_at=end).key
        for name, end in {
            "over": now - day,
            "now": now,
            "soon": now + day,
            "never": None,
            "long ago": now - 31 * day,
            "revoked": now - day,
        }.items()
    }
    api_keys.revoke(keys["revoked"], now)

    with capture_logs() as lines:
        counts = [api_keys.note_expired(now, 400 * day) for _ in range(2)]

    assert counts == [2, 0]
    noted = JournalEntry.objects.filter(verb="expire").order_by("id")
    assert [line.object_id for line in noted] == [keys["over"].id, keys["now"].id]
    assert {(line.actor_kind, line.workspace_id) for line in noted} == {("service", agent.workspace_id)}
    assert {line["event"] for line in lines} == {"key.expired"}


def test_a_key_whose_line_retention_has_deleted_is_not_noted_again(agent: Agent) -> None:
    now, day = database_now(), timedelta(days=1)
    api_keys.issue(agent.workspace, scope=Scope.READ, expires_at=now - 3 * day)

    assert api_keys.note_expired(now, keep=2 * day) == 0
    assert api_keys.note_expired(now, keep=4 * day) == 1
