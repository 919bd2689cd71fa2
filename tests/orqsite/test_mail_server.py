"""The mail server is one URL; a wrong one stops the start."""

import pytest
from pydantic import ValidationError

from orqsite.environment import Environment
from orqsite.mail_server import MailServer, mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 25)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, is_tls=True)),
        (
            "smtp+starttls://ops%40example.org:p%40ss%2Fword@mail.example.org:2587",
            MailServer("mail.example.org", 2587, "ops@example.org", "p@ss/word", is_starttls=True),
        ),
    ],
)
def test_a_url_says_how_the_server_is_reached(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


def test_the_password_does_not_show() -> None:
    assert "hunter2" not in repr(mail_server("smtps://ops:hunter2@mail.example.org"))


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:0", "smtp://host:port"),
        *("smtp://host/path", "smtps://host?tls=no", "smtp://[::1"),
    ],
)
def test_a_wrong_url_stops_the_start(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_EMAIL_URL", url)

    with pytest.raises(ValidationError, match="give a URL like smtp"):
        Environment()


def test_an_account_that_could_never_log_in_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_EMAIL_URL", "smtp+starttls://ops:p%C3%A4ss@mail.example.org")

    with pytest.raises(ValidationError, match="must be ASCII"):
        Environment()


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "public", "10.0.0.1/8"])
def test_networks_of_alerts_that_are_none_stop_the_start(
    networks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORQ_OUTBOUND_ALLOW", networks)

    with pytest.raises(ValidationError, match="give networks like"):
        Environment()


def test_mail_is_sent_only_where_there_is_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Environment().sends_mail

    monkeypatch.setenv("ORQ_EMAIL_URL", "smtp://mail.example.org")
    assert Environment().sends_mail
