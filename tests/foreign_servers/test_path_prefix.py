"""ORQ_PATH_PREFIX: the whole service under a path of a name that others share, behind a real nginx."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.deployment.test_proxy import Proxy
from tests.doors.web import Web

pytestmark = [pytest.mark.debian, pytest.mark.processes]

PREFIX = "/tools/schedules"
KEPT = f"location {PREFIX}/ {{"
TAKEN_AWAY = f"location {PREFIX}/ {{ rewrite ^{PREFIX}(/.*)$ $1 break;"
PASSWORD = "a-long-enough-password"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web"))
    web.environment |= {
        "ORQ_TRUSTED_PROXIES": LOOPBACK,
        "ORQ_PATH_PREFIX": PREFIX,
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    with web:
        web.manage("createsuperuser", "--noinput", "--username=root", "--email=root@example.org")
        yield web


@pytest.fixture(scope="module", params=[KEPT, TAKEN_AWAY], ids=["kept", "taken away"])
def client(
    web: Web, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[httpx2.Client]:
    with ExitStack() as stack:
        proxy = Proxy(tmp_path_factory.mktemp("proxy"), web, location=request.param)
        proxy.probe = f"{PREFIX}/healthz"
        proxy.start(stack)
        yield stack.enter_context(httpx2.Client(base_url=f"http://{LOOPBACK}:{proxy.port}", trust_env=False))


def files_of(page: str) -> set[str]:
    """What a page loads."""
    return set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg|png))"', page))


def test_a_login_leads_to_the_console_under_the_prefix(client: httpx2.Client) -> None:
    away = client.get(f"{PREFIX}/console/")
    assert away.status_code == 302
    assert away.headers["Location"].startswith(f"{PREFIX}/console/login/")
    page = client.get(away.headers["Location"])
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
    form = {"csrfmiddlewaretoken": token, "username": "root", "password": PASSWORD}

    entered = client.post(away.headers["Location"], data=form)

    assert entered.status_code == 302
    assert entered.headers["Location"] == f"{PREFIX}/console/"
    cookies = [each for each in entered.headers.get_list("Set-Cookie") if "=" in each]
    assert cookies
    assert all(f"Path={PREFIX}/console/" in each for each in cookies)
    console = client.get(f"{PREFIX}/console/")
    assert console.status_code == 200
    links = re.findall(r'(?:href|action)="(/[^"]*)"', console.text)
    assert len(links) > 10
    assert [link for link in links if not link.startswith(f"{PREFIX}/")] == []
    pages = {link for link in links if re.fullmatch(f"{PREFIX}/console/schedules/\\w+/", link)}
    assert {client.get(link).status_code for link in pages} == {200}


@pytest.mark.parametrize("page", ["/console/login/", "/docs"])
def test_every_file_of_a_page_is_found(client: httpx2.Client, page: str) -> None:
    client.cookies.clear()
    files = files_of(client.get(f"{PREFIX}{page}").text)

    assert len(files) >= 3
    assert all(file.startswith(f"{PREFIX}/static/") for file in files)
    assert {client.get(file).status_code for file in files} == {200}


def test_an_error_says_where_it_is_explained(client: httpx2.Client) -> None:
    error = client.get(f"{PREFIX}/v3/agents/a/schedules").json()["error"]

    assert error["doc_url"].startswith(f"{PREFIX}/docs/errors#")
    assert client.get(error["doc_url"]).status_code == 200


def test_the_description_names_the_servers_path(client: httpx2.Client) -> None:
    document = client.get(f"{PREFIX}/openapi.json").json()

    assert document["servers"] == [{"url": PREFIX}]
    assert f"({PREFIX}/docs/errors)" in document["info"]["description"]
    assert all(path.startswith("/v3/") for path in document["paths"])


def test_a_probe_of_the_container_needs_no_prefix(web: Web) -> None:
    assert web.seconds_of_health() < 5


def test_other_paths_are_not_ours(client: httpx2.Client) -> None:
    assert client.get("/tools/other/console/").status_code == 404
