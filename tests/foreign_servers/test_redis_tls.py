"""TLS to Redis means the same for Celery, for health and for the limits, whichever way it is written."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as current
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.servers.redis_url import read_redis_url
from schedules.health.broker import broker_state
from schedules.limits.local_share import Limit
from schedules.limits.rate_counter import RateCounter
from schedules.messages import dispatch
from schedules.messages.breaker import Breaker
from tests.agent_server import AgentServer
from tests.authority import make_authority
from tests.processes.databases import migrated_database
from tests.processes.service import Service
from tests.processes.test_main_path import Agent
from tests.servers.celery_broker import use_broker
from tests.servers.redis_tls import RedisTls

pytestmark = [pytest.mark.debian, pytest.mark.processes]

AUTHORITY, SOMEBODY_ELSE = make_authority(), make_authority("somebody else")
ALL_WORK, NONE_WORKS = ("ok", True, True), ("unreachable", False, False)


@pytest.fixture(scope="module", autouse=True)
def _own_broker_afterwards() -> Iterator[None]:
    yield
    use_broker(os.environ["REDIS_URL"])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an operator has: two authorities' certificates, and one of its own."""
    folder = tmp_path_factory.mktemp("certificates")
    own = AUTHORITY.sign("client")
    (folder / "authority.pem").write_text(AUTHORITY.public_pem)
    (folder / "other.pem").write_text(SOMEBODY_ELSE.public_pem)
    (folder / "client.pem").write_text(own.public_pem)
    (folder / "client.key").write_text(own.pem)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisTls]:
    with RedisTls(tmp_path_factory.mktemp("redis"), AUTHORITY, "127.0.0.1", asks_clients=False) as server:
        yield server


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisTls]:
    with RedisTls(tmp_path_factory.mktemp("redis"), AUTHORITY, "127.0.0.1", asks_clients=True) as server:
        yield server


@pytest.fixture(scope="module")
def misnamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisTls]:
    with RedisTls(tmp_path_factory.mktemp("redis"), AUTHORITY, "elsewhere", asks_clients=False) as server:
        yield server


def reached(settings: Settings, monkeypatch: pytest.MonkeyPatch, given: str) -> tuple[str, bool, bool]:
    """Health's word; whether messages leave; whether requests are counted."""
    url = read_redis_url(given)
    settings.ORQ = current.ORQ.model_copy(update={"redis_url": SecretStr(url)})
    monkeypatch.setattr(dispatch, "breaker", Breaker(pause_seconds=600))
    use_broker(given)
    counter = RateCounter(url, has_local_shares=False)
    counter.consume([Limit(given[-60:], 1)])
    return broker_state(), dispatch.send_now([("run", 1)]), counter.consume([Limit(given[-60:], 1)]) > 0


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ("", NONE_WORKS),
        ("?ssl_ca_certs={}/authority.pem", ALL_WORK),
        ("?ssl_ca_certs={}/other.pem", NONE_WORKS),
        ("?ssl_cert_reqs=required&ssl_ca_certs={}/authority.pem", ALL_WORK),
        ("?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs={}/authority.pem", ALL_WORK),
        ("?ssl_cert_reqs=none", ALL_WORK),
        ("?ssl_cert_reqs=CERT_NONE", ALL_WORK),
    ],
)
def test_a_server_is_believed_if_its_certificate_is(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    server: RedisTls,
    files: Path,
    options: str,
    outcome: object,
) -> None:
    assert reached(settings, monkeypatch, server.url(options.format(files))) == outcome


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ("?ssl_ca_certs={0}/authority.pem", NONE_WORKS),
        (
            "?ssl_ca_certs={0}/authority.pem&ssl_certfile={0}/client.pem&ssl_keyfile={0}/client.key",
            ALL_WORK,
        ),
        ("?ssl_ca_certs={0}/authority.pem&ssl_certfile={0}/client.key", ALL_WORK),
    ],
)
def test_a_client_shows_its_certificate(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    strict: RedisTls,
    files: Path,
    options: str,
    outcome: object,
) -> None:
    assert reached(settings, monkeypatch, strict.url(options.format(files))) == outcome


@pytest.mark.parametrize(("options", "outcome"), [("", NONE_WORKS), ("&ssl_check_hostname=False", ALL_WORK)])
def test_a_certificate_for_another_name_is_not_the_servers(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    misnamed: RedisTls,
    files: Path,
    options: str,
    outcome: object,
) -> None:
    given = misnamed.url(f"?ssl_ca_certs={files}/authority.pem{options}")

    assert reached(settings, monkeypatch, given) == outcome


@pytest.mark.postgresql
def test_a_whole_service_works_over_tls(
    server: RedisTls, files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("service")
    url = server.url(f"?ssl_ca_certs={files}/authority.pem")
    with Service(folder, migrated_database("postgresql", folder), url) as service, AgentServer() as agents:
        agent = Agent(service, agents)
        daily = agent.create("cron", "0 0 9 * * *")
        agent.trigger(daily)

        assert agent.ended_run(daily, 60)["state"] == "succeeded"
        assert agent.client.get("/readyz").json()["status"] == "ok"
        agent.client.close()
