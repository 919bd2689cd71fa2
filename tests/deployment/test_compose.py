"""docker-compose.yml holds: its commands, variables, dependencies and health checks are the code's."""

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from django.urls import resolve

from orqsite.databases import database
from orqsite.embedded.ports import free_port
from orqsite.environment import Environment
from orqsite.health import readyz
from tests.deployment.command_lines import check
from tests.deployment.compose import (
    FILE,
    ROOT,
    SECRETS,
    VariableMissing,
    configurations,
    networks,
    services,
    variables_of,
)

OURS = ("migrate", "web", "beat", "worker")
LONG_RUNNING = ("web", "beat", "worker")
OF_THE_IMAGES = {
    "POSTGRES_USER",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "POSTGRES_INITDB_ARGS",
    "REDISCLI_AUTH",
    "SERVICE_PASSWORD",
}
OF_COMPOSE = {"POSTGRES_PASSWORD", "SERVICE_PASSWORD", "REDIS_PASSWORD", "PUBLISH", "ORQ_EXTRA_REQUIREMENTS"}
PLATFORM = {"DATABASE_URL", "REDIS_URL"}
SERVERS = {"postgres": "postgres", "redis": "redis-server", "proxy": "nginx"}


def of_the_service() -> set[str]:
    """Every environment variable the settings read."""
    return {f"ORQ_{name.upper()}" for name in Environment.model_fields} | PLATFORM


def variables(names: Iterable[str]) -> set[str]:
    """Every variable that the named services are given."""
    return {variable for name in names for variable in services()[name].get("environment", {})}


def seconds(text: str) -> float:
    """A duration of the compose file."""
    match = re.fullmatch(r"([0-9]+)(s|m)", text)
    assert match is not None
    return float(match[1]) * {"s": 1, "m": 60}[match[2]]


def environment_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The settings a service of ours reads in its container."""
    for variable, value in services()[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    return Environment()


@pytest.mark.django_db(transaction=True)  # the web process looks at the database when it is imported
@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_the_program_takes(name: str) -> None:
    check(services()[name]["command"])


@pytest.mark.parametrize("name", SERVERS)
def test_the_servers_of_others_are_started_by_their_own_name(name: str) -> None:
    assert services()[name]["command"][0] == SERVERS[name]


def test_every_variable_is_a_setting_or_known_to_an_image() -> None:
    assert variables(OURS) <= of_the_service()
    assert variables(SERVERS) <= OF_THE_IMAGES


def test_what_is_asked_of_the_operator_is_a_setting_or_explained_in_the_example() -> None:
    required = variables_of(FILE.read_text())

    assert required <= of_the_service() | OF_COMPOSE
    explained = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert required <= set(explained)
    assert set(explained) <= of_the_service() | OF_COMPOSE


@pytest.mark.parametrize("extra", ["", "own.txt"])
def test_the_image_is_built_with_the_operators_own_packages(extra: str) -> None:
    given = services(SECRETS | {"ORQ_EXTRA_REQUIREMENTS": extra})

    assert given["migrate"]["build"] == {"context": ".", "args": {"ORQ_EXTRA_REQUIREMENTS": extra or None}}
    assert [name for name in OURS if "build" in given[name]] == ["migrate"], "built once"
    assert {given[name]["image"] for name in OURS} == {"agent-schedules"}
    assert {given[name].get("pull_policy") for name in LONG_RUNNING} == {"never"}, "no registry has it"
    assert "ARG ORQ_EXTRA_REQUIREMENTS=" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_starts_without_its_secrets(secret: str) -> None:
    with pytest.raises(VariableMissing, match=secret):
        services({name: value for name, value in SECRETS.items() if name != secret})


def test_the_example_asks_for_every_secret_and_holds_none() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert {line for line in lines if line and not line.startswith("#")} == {f"{name}=" for name in SECRETS}


def test_the_recipes_of_the_example_make_secrets_the_service_takes() -> None:
    recipes = re.findall(r"python3 (-c .*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)

    password, secret_key, encryption_key = (made_by(recipe) for recipe in recipes)

    assert password.isalnum()
    assert len(secret_key) >= 50  # Django's own check asks for that
    Fernet(encryption_key)


def made_by(recipe: str) -> str:
    """What a recipe for Python prints."""
    return subprocess.check_output([sys.executable, *shlex.split(recipe)], text=True, timeout=30).strip()


@pytest.mark.parametrize("name", OURS)
def test_our_processes_read_their_settings_and_find_the_servers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = services()["postgres"]["environment"]

    environment = environment_of(name, monkeypatch)

    parsed = database(environment)
    assert (parsed["HOST"], parsed["PORT"]) == ("postgres", 5432)
    assert parsed["NAME"] == given["POSTGRES_DB"]
    is_owner = name == "migrate"
    assert parsed["USER"] == (given["POSTGRES_USER"] if is_owner else "agent_schedules_service")
    assert parsed["PASSWORD"] == given["POSTGRES_PASSWORD" if is_owner else "SERVICE_PASSWORD"]
    url = f"redis://:{SECRETS['REDIS_PASSWORD']}@redis:6379/0"
    assert environment.redis_url.get_secret_value() == url
    secrets = [environment.secret_key, *environment.encryption_keys]
    assert [secret.get_secret_value() for secret in secrets] == [
        SECRETS["ORQ_SECRET_KEY"],
        SECRETS["ORQ_ENCRYPTION_KEYS"],
    ]


def test_an_operators_host_names_join_those_of_the_health_check(monkeypatch: pytest.MonkeyPatch) -> None:
    named = services(SECRETS | {"ORQ_ALLOWED_HOSTS": "a.example.org,b.example.org"})["web"]["environment"]

    monkeypatch.setenv("ORQ_ALLOWED_HOSTS", named["ORQ_ALLOWED_HOSTS"])

    assert Environment().allowed_hosts == ["127.0.0.1", "localhost", "a.example.org", "b.example.org"]


@pytest.mark.parametrize("name", [*LONG_RUNNING, *SERVERS])
def test_what_runs_for_ever_is_restarted_watched_and_stopped_with_patience(name: str) -> None:
    service = services()[name]

    assert service["restart"] == "unless-stopped"
    watch = service["healthcheck"]
    assert watch["test"][0] in ("CMD", "CMD-SHELL")
    assert seconds(watch["timeout"]) <= seconds(watch["interval"])
    assert seconds(service["stop_grace_period"]) >= 10


def test_a_worker_is_stopped_when_it_expects_it() -> None:
    """Its number comes from `.env` to both; where that has none, both have the same default."""
    named = services(SECRETS | {"ORQ_WORKER_STOP_SECONDS": "300"})["worker"]

    assert seconds(named["stop_grace_period"]) == 300
    assert seconds(services()["worker"]["stop_grace_period"]) == Environment().worker_stop_seconds
    assert {"path": ".env", "required": False} in named["env_file"]


def test_the_migration_ends_and_so_does_up_when_it_fails() -> None:
    migrate = services()["migrate"]

    assert migrate["restart"] == "no"
    assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_our_processes_wait_for_the_migration_and_for_healthy_servers(name: str) -> None:
    needs = {other: need["condition"] for other, need in services()[name]["depends_on"].items()}

    assert needs == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


def test_redis_asks_for_a_password_that_no_command_line_shows() -> None:
    redis, password = services()["redis"], SECRETS["REDIS_PASSWORD"]

    [file] = redis["configs"]
    assert configurations()[file["source"]] == f"requirepass {password}"
    assert redis["command"][:2] == ["redis-server", file["target"]]
    assert redis["environment"] == {"REDISCLI_AUTH": password}
    for service in services().values():
        assert password not in shlex.join(
            [*service["command"], *service.get("healthcheck", {}).get("test", [])]
        )


@pytest.mark.parametrize("name", [*OURS, *SERVERS])
def test_each_has_limits_and_no_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}
    assert {"mem_limit", "pids_limit"} <= service.keys()
    assert service.get("read_only") is (None if name == "redis" else True)
    assert ("cap_add" in service) == (name in SERVERS)


def test_database_and_broker_have_a_network_that_leads_nowhere() -> None:
    parts = {name: set(service["networks"]) for name, service in services().items()}

    assert networks()["data"] == {"internal": True}
    assert parts["postgres"] == parts["redis"] == parts["migrate"] == {"data"}
    assert parts["proxy"] == {"edge"}
    assert [name for name, own in parts.items() if "edge" in own] == ["web", "proxy"]
    assert {"data", "outside"} <= parts["worker"]


def test_redis_refuses_writes_before_it_is_killed() -> None:
    redis = services()["redis"]
    [limit] = re.findall(r"--maxmemory (\d+)mb", shlex.join(redis["command"]))

    assert redis["mem_limit"] == "1g"
    assert int(limit) <= 700


def test_there_are_two_beats_and_workers_may_be_scaled() -> None:
    assert services()["beat"]["deploy"]["replicas"] == 2
    assert "container_name" not in services()["worker"]


def test_only_the_proxy_is_reachable_from_outside_and_unasked_only_from_this_machine() -> None:
    [proxy] = [service for service in services().values() if "ports" in service]

    assert proxy["ports"] == ["127.0.0.1:8000:8080"]
    assert proxy["volumes"] == ["./deploy/proxy/nginx.conf:/etc/nginx/nginx.conf:ro"]
    configuration = (ROOT / "deploy/proxy/nginx.conf").read_text()
    assert re.findall(r"^ +listen (\d+);", configuration, re.MULTILINE) == ["8080"]
    assert re.findall(r"^ +server (\S+);", configuration, re.MULTILINE) == ["web:8000"]


def test_the_data_of_the_servers_outlives_their_containers() -> None:
    assert "postgres:/var/lib/postgresql" in services()["postgres"]["volumes"]
    assert services()["redis"]["volumes"] == ["redis:/data"]
    assert "--appendonly yes" in shlex.join(services()["redis"]["command"])
    assert "--locale=C" in services()["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_the_database_has_connections_for_two_beats_the_web_and_a_dozen_workers() -> None:
    [offered] = re.findall(r"max_connections=(\d+)", shlex.join(services()["postgres"]["command"]))
    [web_processes] = re.findall(r"--workers=(\d+)", shlex.join(services()["web"]["command"]))
    [web_threads] = re.findall(r"--threads=(\d+)", shlex.join(services()["web"]["command"]))
    pool_size = Environment.model_fields["database_pool_size"].default

    assert int(web_threads) <= pool_size
    assert int(offered) >= pool_size * (int(web_processes) + 2 + 12)


class Answers(BaseHTTPRequestHandler):
    """Answers every request with one status and remembers its path."""

    status = 200
    required: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.required.append(self.path)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Nothing is logged."""


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False), (400, False)])
def test_the_web_process_is_healthy_while_it_says_it_is_ready(status: int, is_healthy: bool) -> None:
    class Handler(Answers):
        required: ClassVar[list[str]] = []

    Handler.status = status
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()

        assert web_check(server.server_port) is is_healthy

    [path] = Handler.required
    url = urlsplit(path)
    assert resolve(url.path).func is readyz
    assert url.query == "only=database"


def test_a_web_process_that_does_not_answer_is_not_healthy() -> None:
    assert not web_check(free_port())


def web_check(port: int) -> bool:
    """The web process's health check with another port than the image's."""
    _, *words = services()["web"]["healthcheck"]["test"]
    assert "http://127.0.0.1:8000/" in words[-1]
    return is_successful([*words[:-1], words[-1].replace(":8000/", f":{port}/")])


@pytest.mark.parametrize("name", ["beat", "worker"])
def test_a_beat_or_worker_is_asked_after_by_the_command_for_probes(name: str) -> None:
    kind, *words = services()[name]["healthcheck"]["test"]

    assert (kind, words[0]) == ("CMD", "python")
    assert words[1:] == ["manage.py", "healthy", name]
    check(words)


def is_successful(words: list[str]) -> bool:
    """Whether a command of the image, run with this Python, ends with 0."""
    assert words[0] == "python"
    # A proxy knows nothing of a container's own address.
    environment = os.environ | {"http_proxy": f"http://127.0.0.1:{free_port()}"}
    command = [sys.executable, *words[1:]]
    return (
        subprocess.run(command, env=environment, check=False, capture_output=True, timeout=30).returncode == 0
    )
