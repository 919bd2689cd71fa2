"""Every line of web, beat and worker is one JSON object, from their first to their last; and requests have ids."""

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.docs.test_events import of_the_page
from tests.processes.databases import migrated_database
from tests.processes.service import Service
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes]

CELERY = ("-m", "celery", "-A", "orqsite")
"""As in containers: nobody asks for quiet."""
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OUR_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that has worked for a moment and was then asked to end, as a container is."""
    folder = tmp_path_factory.mktemp("lines")
    kind = "sqlite" if os.environ["DATABASE_URL"].startswith("sqlite") else "postgresql"
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/7").geturl()
    service = Service(folder, migrated_database(kind, folder), redis_url)
    service.prepare()
    service.start_web()
    service.start("beat", *CELERY, "beat")
    service.start("worker", *CELERY, "worker")
    try:
        wait_for(service._is_ready, 30, "web, beat and worker")
        _ask(service)
        for name in ("worker", "beat", "web"):
            os.kill(service.children[name].pid, signal.SIGTERM)
        wait_for(lambda: not any(child.is_alive for child in service.children.values()), 30, "all to end")
        yield service
    finally:
        service.stop()


def _ask(service: Service) -> None:
    with service.client(service.token) as http:
        asked = http.get(
            "/v3/agents", headers={"X-Request-Id": "from.the-client_1", "traceparent": TRACEPARENT}
        )
        assert asked.headers["X-Request-Id"] == "from.the-client_1"
        refused = http.get("/v3/agents?limit=0&q=secret", headers={"X-Request-Id": "x" * 65})
        assert re.fullmatch(r"[0-9A-Z]{26}", refused.headers["X-Request-Id"])
        http.get("/nowhere", headers={"X-Request-Id": "no id", "traceparent": "00-0-0-0"})


def lines(service: Service, name: str) -> list[dict[str, Any]]:
    """What the process has said; a line that is no JSON object fails."""
    said = [json.loads(line) for line in service.log(name).splitlines()]
    assert all(isinstance(line, dict) for line in said)
    return said


@pytest.mark.parametrize("name", ["web", "beat", "worker"])
def test_every_line_is_a_json_object_that_says_when_and_how_bad(service: Service, name: str) -> None:
    said = lines(service, name)

    assert said
    for line in said:
        assert {"event", "level", "timestamp", "version"} <= line.keys(), line


@pytest.mark.parametrize(
    ("name", "words"), [("web", "Listening at"), ("web", "Shutting down"), ("worker", "Warm shutdown")]
)
def test_what_others_say_is_among_them(service: Service, name: str, words: str) -> None:
    assert [line for line in lines(service, name) if words in line["event"]]


@pytest.mark.parametrize("name", ["web", "beat", "worker"])
def test_what_is_an_event_of_ours_is_in_the_documents(service: Service, name: str) -> None:
    documented = of_the_page()
    said = [line for line in lines(service, name) if OUR_EVENT.fullmatch(line["event"])]

    assert said
    for line in said:
        event = documented[line["event"]]
        always = {"event", "level", "timestamp", "version", "request_id", "trace_id", "key_id", "exception"}
        assert line["level"] in event.levels
        assert line.keys() - always <= event.fields, line


def test_each_request_is_one_event_with_its_ids(service: Service) -> None:
    answered = [line for line in lines(service, "web") if line["event"] == "request.answered"]

    asked, refused, nowhere = (line for line in answered if line["path"] not in ("/healthz", "/readyz"))
    key_id = service.token.split("-")[2]
    assert (asked["request_id"], asked["status"], asked["method"]) == ("from.the-client_1", 200, "GET")
    assert (asked["trace_id"], asked["key_id"]) == (TRACEPARENT.split("-")[1], key_id)
    assert (refused["path"], refused["status"]) == ("/v3/agents", 400)
    assert "secret" not in service.log("web")
    assert len(refused["request_id"]) == 26
    assert (nowhere["status"], "trace_id" in nowhere, "key_id" in nowhere) == (404, False, False)
    assert nowhere["request_id"] != refused["request_id"]


def test_a_process_that_crashes_says_so_in_one_line(service: Service) -> None:
    service.start(
        "crashing",
        "-c",
        "import django, os; os.environ['DJANGO_SETTINGS_MODULE']='orqsite.settings'; "
        "django.setup(); from orqsite import starting; starting.begin(); 1 / 0",
    )
    wait_for(lambda: not service.children["crashing"].is_alive, 30, "the process to end")

    crashed = lines(service, "crashing")[-1]

    assert (crashed["event"], crashed["level"]) == ("process.crashed", "critical")
    assert "ZeroDivisionError" in crashed["exception"]
