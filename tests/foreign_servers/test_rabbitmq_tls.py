"""TLS to RabbitMQ means the same for Celery and for health."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pytest_django import Settings

from orqsite.embedded.ports import LOOPBACK, free_port
from orqsite.servers.broker_url import read_broker_url
from schedules.health.broker import broker_state
from schedules.messages import dispatch
from schedules.messages.breaker import Breaker
from tests.authority import make_authority
from tests.servers.celery_broker import use_broker
from tests.servers.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.debian, pytest.mark.processes]

PORT = free_port()
LISTENS = """
listeners.ssl.default = {address}
ssl_options.cacertfile = {folder}/authority.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.pem
"""
WORKS, WORKS_NOT = ("ok", True), ("unreachable", False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: the server's, its authority's and another one's."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = make_authority()
    (folder / "authority.pem").write_text(authority.public_pem)
    (folder / "other.pem").write_text(make_authority("somebody else").public_pem)
    (folder / "server.pem").write_text(authority.sign(LOOPBACK).pem)
    return folder


@pytest.fixture(scope="module")
def server(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    listens = LISTENS.format(address=f"{LOOPBACK}:{PORT}", folder=files)
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq"), listens) as server:
        yield server
    use_broker(os.environ["REDIS_URL"])


@pytest.mark.parametrize(
    ("host", "options", "outcome"),
    [
        (LOOPBACK, "", WORKS_NOT),
        (LOOPBACK, "?ssl_ca_certs={}/authority.pem", WORKS),
        (LOOPBACK, "?ssl_ca_certs={}/other.pem", WORKS_NOT),
        (LOOPBACK, "?ssl_cert_reqs=CERT_NONE", WORKS),
        ("localhost", "?ssl_ca_certs={}/authority.pem", WORKS_NOT),
        ("localhost", "?ssl_ca_certs={}/authority.pem&ssl_check_hostname=False", WORKS),
    ],
)
def test_a_server_is_believed_if_its_certificate_is(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    server: RabbitMQ,
    files: Path,
    host: str,
    options: str,
    outcome: tuple[str, bool],
) -> None:
    plain = server.url.replace("amqp:", "amqps:").replace(f"{LOOPBACK}:{server.port}/", f"{host}:{PORT}/")
    given = plain + options.format(files)
    settings.ORQ = settings.ORQ.model_copy(update={"broker_url": SecretStr(read_broker_url(given))})
    monkeypatch.setattr(dispatch, "breaker", Breaker(pause_seconds=600))
    use_broker(given)

    assert (broker_state(), dispatch.send_now([("run", 1)])) == outcome
