"""Single sign-on at a real provider: who comes in, as whom, with which roles, and who does not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pydantic import SecretStr
from structlog.testing import capture_logs

from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.login import provider as single_sign_on
from orqsite.login.roles_of_groups import ROLES, Granted, roles_of
from schedules.models import JournalEntry, Membership, Role, Workspace
from tests.doors.openid_provider import Provider, running_provider
from tests.factories import make_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.processes]

ROLE_LINES = ["ops=operator@growth", "leads=administrator@growth", "ops=viewer@sales", "platform=superuser"]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture(autouse=True)
def _configured(provider: Provider, settings: Any) -> None:
    configure(settings, provider.url)


@pytest.fixture(autouse=True)
def growth() -> Workspace:
    make_workspace("sales")
    return make_workspace("growth")


def configure(settings: Any, issuer: str, **more: Any) -> None:
    given: dict[str, Any] = {
        "oidc_issuer": issuer,
        "oidc_client_id": "console",
        "oidc_client_secret": SecretStr("client-s3cret"),
        "oidc_roles": ROLE_LINES,
    }
    settings.ORQ = settings.ORQ.model_copy(update=given | more)


def sent_there(browser: Client, query: str = "") -> str:
    """The provider's address that the console sends a browser to."""
    answer = browser.get(f"{reverse('provider-start')}{query}")
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def log_in(provider: Provider, subject: str, browser: Client, query: str = "") -> str:
    """Go through all of it; where the browser ends up."""
    back = provider.confirmed(sent_there(browser, query), subject)
    assert back.startswith(f"http://testserver{reverse('provider-return')}?")
    answer = browser.get(back.removeprefix("http://testserver"))
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def said(browser: Client) -> str:
    """What the login page says."""
    return str(browser.get(reverse("admin:login")).content.decode())


def roles(name: str) -> dict[str, str]:
    return {each.workspace.name: each.role for each in Membership.objects.filter(user__username=name)}


def test_a_person_comes_in_with_the_roles_of_their_groups(provider: Provider, client: Client) -> None:
    provider.knows("anna-1", preferred_username="anna", email="anna@example.org", groups=["ops", "others"])

    with capture_logs() as lines:
        there = log_in(provider, "anna-1", client, "?next=/console/schedules/run/")

    assert there == "/console/schedules/run/"
    assert roles("anna") == {"growth": "operator", "sales": "viewer"}
    anna = User.objects.get(username="anna")
    assert (anna.is_staff, anna.is_superuser, anna.has_usable_password()) == (True, False, False)
    assert client.get(there).status_code == 200
    assert [line["user"] for line in lines if line["event"] == "login.succeeded"] == ["anna"]
    assert JournalEntry.objects.filter(verb="log_in", actor_name="anna").count() == 1


def test_the_request_is_bound_to_this_browser_and_this_service(client: Client) -> None:
    asked = {name: value for name, [value] in parse_qs(urlsplit(sent_there(client)).query).items()}

    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"http://testserver{reverse('provider-return')}"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()


def test_roles_follow_the_groups_at_each_login(provider: Provider, client: Client) -> None:
    provider.knows("ben-1", preferred_username="ben", groups=["leads", "platform"])
    log_in(provider, "ben-1", client)
    assert (roles("ben"), User.objects.get(username="ben").is_superuser) == (
        {"growth": "administrator"},
        True,
    )

    provider.knows("ben-1", preferred_username="benjamin", groups="ops")
    log_in(provider, "ben-1", Client())

    assert (roles("ben"), User.objects.get(username="ben").is_superuser) == (
        {"growth": "operator", "sales": "viewer"},
        False,
    )


def test_a_role_given_by_hand_elsewhere_stays(provider: Provider, client: Client) -> None:
    other = make_workspace("other")
    provider.knows("cleo-1", preferred_username="cleo", groups=["ops"])
    log_in(provider, "cleo-1", client)
    cleo = User.objects.get(username="cleo")
    Membership.objects.create(user=cleo, workspace=other, role=Role.EDITOR, created_by_id="x")
    provider.knows("cleo-1", preferred_username="cleo", groups=[])

    log_in(provider, "cleo-1", Client())

    assert roles("cleo") == {"other": "editor"}


def test_whoever_has_no_role_is_told_so_and_stays_out(provider: Provider, client: Client) -> None:
    provider.knows("dora-1", preferred_username="dora", groups=["kitchen"])

    there = log_in(provider, "dora-1", client)

    assert there == reverse("admin:login")
    assert "has no role in this console" in said(client)
    assert client.get(reverse("admin:index")).status_code == 302


def test_whoever_loses_the_last_group_loses_the_roles_although_refused(
    provider: Provider, client: Client
) -> None:
    provider.knows("ida-1", preferred_username="ida", groups=["ops"])
    log_in(provider, "ida-1", client)
    assert client.get(reverse("admin:index")).status_code == 200
    provider.knows("ida-1", preferred_username="ida", groups=["kitchen"])

    there = log_in(provider, "ida-1", Client())

    assert there == reverse("admin:login")
    assert roles("ida") == {}
    assert client.get(reverse("admin:index")).status_code == 302, "the session of before"


def test_nobody_is_made_of_a_stranger_without_a_role(provider: Provider, client: Client) -> None:
    provider.knows("jon-1", preferred_username="jon", groups=["kitchen"])

    log_in(provider, "jon-1", client)

    assert not User.objects.filter(username="jon").exists()


def test_a_name_too_long_to_be_told_from_another_is_refused(provider: Provider, client: Client) -> None:
    provider.knows("k" * 256, preferred_username="kim", groups=["ops"])

    assert log_in(provider, "k" * 256, client) == reverse("admin:login")
    assert not User.objects.filter(username="kim").exists()


def test_nobody_becomes_a_person_of_another_by_choosing_their_name(
    provider: Provider, client: Client
) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    provider.knows("mallory-1", preferred_username="ROOT", email="root@example.org", groups=["ops"])

    log_in(provider, "mallory-1", client)

    mallory = User.objects.get(provider_account__subject="mallory-1")
    assert mallory.username.startswith("ROOT-")
    assert (mallory.is_superuser, mallory.is_staff) == (False, True)


def test_an_account_that_was_switched_off_stays_out(provider: Provider, client: Client) -> None:
    provider.knows("emil-1", preferred_username="emil", groups=["ops"])
    log_in(provider, "emil-1", client)
    User.objects.filter(username="emil").update(is_active=False)

    there = log_in(provider, "emil-1", other := Client())

    assert there == reverse("admin:login")
    assert "switched off" in said(other)


def test_an_answer_of_another_browser_opens_nothing(provider: Provider, client: Client) -> None:
    provider.knows("fred-1", preferred_username="fred", groups=["ops"])
    back = provider.confirmed(sent_there(client), "fred-1")
    victim = Client()
    sent_there(victim)

    answer = victim.get(back.removeprefix("http://testserver"))

    assert answer.headers["Location"] == reverse("admin:login")
    assert "did not confirm" in said(victim)
    assert not User.objects.filter(username="fred").exists()


def test_an_answer_is_good_once(provider: Provider, client: Client) -> None:
    provider.knows("gina-1", preferred_username="gina", groups=["ops"])
    back = provider.confirmed(sent_there(client), "gina-1").removeprefix("http://testserver")
    client.get(back)
    client.logout()

    again = client.get(back)

    assert again.headers["Location"] == reverse("admin:login")


@pytest.mark.parametrize("query", ["", "?error=access_denied&state=x", "?code=x&state=y", "?state=%00"])
def test_nonsense_from_the_provider_is_told_in_a_sentence(client: Client, query: str) -> None:
    answer = client.get(reverse("provider-return") + query)

    assert answer.headers["Location"] == reverse("admin:login")
    assert "did not confirm" in said(client)


def test_a_provider_that_is_away_is_told_in_a_sentence(client: Client, settings: Any) -> None:
    configure(settings, f"http://{LOOPBACK}:{free_port()}")

    with capture_logs() as lines:
        assert sent_there(client) == reverse("admin:login")

    assert "cannot be reached" in said(client)
    assert [line["reason"] for line in lines if line["event"] == "login.refused"] == [
        "unreachable (ConnectionError)"
    ]


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_afterwards(provider: Provider, client: Client, wanted: str) -> None:
    provider.knows("hana-1", preferred_username="hana", groups=["ops"])

    assert log_in(provider, "hana-1", client, f"?next={wanted}") == reverse("admin:index")


def test_the_login_page_offers_it_beside_the_password_or_alone(
    client: Client, settings: Any, provider: Provider
) -> None:
    both = said(client)
    assert "Log in with single sign-on" in both
    assert 'name="password"' in both

    configure(settings, provider.url, password_login=False, oidc_name="Example ID")

    alone = said(client)
    assert "Log in with Example ID" in alone
    assert 'name="password"' not in alone


@pytest.mark.django_db(transaction=True)  # hashing may take longer than a transaction may be idle
def test_without_passwords_none_lets_anybody_in(client: Client, settings: Any, provider: Provider) -> None:
    User.objects.create_superuser("operator", password=PASSWORD)
    configure(settings, provider.url, password_login=False)

    client.post(reverse("admin:login"), {"username": "operator", "password": PASSWORD})

    assert client.get(reverse("admin:index")).status_code == 302


def test_without_a_provider_there_is_no_such_page(client: Client, settings: Any) -> None:
    configure(settings, "")

    assert client.get(reverse("provider-start")).status_code == 404
    assert client.get(reverse("provider-return")).status_code == 404
    assert "Log in with" not in said(client)


def test_the_secret_of_the_client_is_shown_nowhere(settings: Any) -> None:
    assert "client-s3cret" not in repr(settings.ORQ)
    assert "client-s3cret" not in repr(single_sign_on._client_or_404().__class__)


def test_the_highest_of_several_groups_counts() -> None:
    lines = ["a=viewer@w", "b=editor@w", "c=operator@w", "x=y=viewer@v"]

    assert roles_of({"a", "b", "c"}, lines) == Granted({"w": "editor", "v": None}, False, False)
    assert roles_of({"x=y"}, lines).roles == {"w": None, "v": "viewer"}
    assert list(ROLES) == list(Role)
