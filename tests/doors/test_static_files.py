"""The console's files: once collected they have hashed names, are compressed and may be kept for ever."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from orqsite.embedded.ports import LOOPBACK
from tests.doors.web import Web

pytestmark = [pytest.mark.processes]

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    web = Web(folder)
    web.environment["ORQ_STATIC_DIR"] = str(folder / "static")
    web.manage("collectstatic", "--noinput", "--verbosity", "0")
    with web:
        yield web


@pytest.fixture
def client(web: Web) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://{LOOPBACK}:{web.port}", trust_env=False) as client:
        yield client


@pytest.mark.parametrize("page", ["/console/login/", "/docs"])
def test_every_file_of_a_page_is_kept_for_ever_under_a_hashed_name(client: httpx2.Client, page: str) -> None:
    files = re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg|png))"', client.get(page).text)

    answers = [client.get(file) for file in files]

    assert len(files) >= 3
    assert [file for file in files if not HASHED.search(file)] == []
    assert {answer.status_code for answer in answers} == {200}
    assert {"immutable" in answer.headers["Cache-Control"] for answer in answers} == {True}


def test_the_stylesheet_is_compressed(client: httpx2.Client) -> None:
    page = client.get("/console/login/").text
    [stylesheet] = re.findall(r'href="([^"]+/unfold/css/styles\.[^"]+)"', page)

    plain = client.get(stylesheet, headers={"Accept-Encoding": "identity"})
    packed = client.get(stylesheet, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) * 4 < int(plain.headers["Content-Length"])


def test_a_process_without_the_files_it_is_told_of_does_not_start(web: Web, tmp_path: Path) -> None:
    lacking = {**web.environment, "ORQ_STATIC_DIR": str(tmp_path)}

    ended = web.attempt(lacking)

    assert ended.returncode != 0
    assert "ORQ_STATIC_DIR" in ended.stderr
    assert "collectstatic" in ended.stderr
