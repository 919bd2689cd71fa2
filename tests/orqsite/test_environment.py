"""Settings: defaults that run, and a wrong value that stops the start with a sentence."""

import os
import ssl
import subprocess
import sys
from pathlib import Path
from stat import S_IMODE

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from orqsite.agent_networks import address_policy
from orqsite.broker import celery_settings
from orqsite.databases import database
from orqsite.environment import MACHINERY, PLATFORM, Environment, SettingInvalid, read_environment
from orqsite.secret_files import read_or_create


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ORQ_")] + [*PLATFORM]:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_no_settings")
def test_the_defaults_run_on_sqlite_in_the_data_folder() -> None:
    environment = read_environment()

    assert environment.effective_database_url.endswith("var/db.sqlite3")
    assert database(environment)["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.usefixtures("_no_settings")
def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_ALLOWED_HOSTS", "a.example, b.example,")

    assert read_environment().allowed_hosts == ["a.example", "b.example"]


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORQ_LOG_LEVEL", "loud"),
        ("ORQ_WORKER_THREADS", "0"),
        ("ORQ_WORKER_THREADS", "many"),
        ("ORQ_DEBUG", "perhaps"),
        ("ORQ_HEARTBEAT_SECONDS", "14"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingInvalid, match=name):
        read_environment()


@pytest.mark.usefixtures("_no_settings")
def test_machinery_is_on_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_WITHOUT", "prepared, key_cache")

    environment = read_environment()

    assert [name for name in MACHINERY if not environment.uses(name)] == ["prepared", "key_cache"]


@pytest.mark.usefixtures("_no_settings")
def test_machinery_that_does_not_exist_is_refused_with_the_names_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORQ_WITHOUT", "prepared,turbo")

    with pytest.raises(SettingInvalid, match=r"ORQ_WITHOUT.* turbo is not one of ") as refusal:
        read_environment()

    assert all(name in str(refusal.value) for name in MACHINERY)


@pytest.mark.usefixtures("_no_settings")
def test_a_wrong_encryption_key_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_ENCRYPTION_KEYS", f"{Fernet.generate_key().decode()},hunter2")

    with pytest.raises(SettingInvalid, match=r"ORQ_ENCRYPTION_KEYS.*key 2") as refusal:
        read_environment()

    assert "hunter2" not in str(refusal.value)


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("foo", "not the URL of a Redis server"),
        ("", "not the URL of a Redis server"),
        ("http://x", "not the URL of a Redis server"),
        ("amqp://user:hunter2@host", "RabbitMQ"),
        ("sentinel://host:26379", "Sentinel"),
        ("redis+cluster://host:6379", "Cluster"),
        ("redis://", "one server"),
        ("redis://:hunter2@/0", "one server"),
        ("redis://one,two:6379/0", "one server"),
        ("redis://:hunter2@one:6379,two:6379/0", "cannot be read"),
        ("redis://:hunter2/x@host", "cannot be read"),
        ("redis://host:99999/0", "cannot be read"),
        ("redis://host:0/0", "one server"),
        ("redis://host/queue", "a number"),
        ("rediss://host?ssl_cert_reqs=perhaps", "required or none"),
        ("rediss://host?ssl_ca_certs=/nowhere.pem", "ssl_ca_certs cannot be used"),
        ("rediss://host?db=3", "there are only ssl_cert_reqs"),
        ("redis://host?ssl_cert_reqs=none", "about TLS"),
    ],
)
def test_a_broker_we_cannot_use_is_refused_in_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    with pytest.raises(SettingInvalid, match=f"REDIS_URL: .*{words}.*redis://host:6379/0") as refusal:
        read_environment()

    assert "hunter2" not in str(refusal.value)


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://host:6379",
        "redis://host/",
        "rediss://user:pass@host:6380/3",
        "rediss://host?ssl_cert_reqs=none&ssl_check_hostname=false",
        "redis://[::1]:1/0",
    ],
)
def test_one_server_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    assert read_environment().redis_url.get_secret_value() == url


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize("written", ["CERT_NONE", "none", "NONE", "cert_none"])
def test_both_spellings_of_tls_options_mean_the_same(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("REDIS_URL", f"rediss://host?ssl_cert_reqs={written}")

    environment = read_environment()

    assert environment.redis_url.get_secret_value() == "rediss://host?ssl_cert_reqs=none"
    assert celery_settings(environment)["broker_use_ssl"]["ssl_cert_reqs"] == ssl.CERT_NONE


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize("url", ["rediss://host", "rediss://host:6380/1"])
def test_tls_verifies_unless_it_is_told_not_to(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    wired = celery_settings(read_environment())

    assert wired["broker_url"] == url
    assert wired["broker_use_ssl"] == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}


@pytest.mark.usefixtures("_no_settings")
def test_rabbitmq_is_the_broker_beside_redis_for_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://limits:6379/0")
    monkeypatch.setenv("BROKER_URL", "amqps://user:pass@queues:5671/schedules")

    environment = read_environment()

    wired = celery_settings(environment)
    assert environment.redis_url.get_secret_value() == "redis://limits:6379/0"
    assert wired["broker_url"] == "amqps://user:pass@queues:5671/schedules"
    assert wired["broker_use_ssl"]["cert_reqs"] == ssl.CERT_REQUIRED
    assert wired["broker_use_ssl"]["server_hostname"] == "queues"
    assert ("queues", 5671) in address_policy(environment).own_services


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("foo", "not the URL of a Redis server"),
        ("sqs://key:hunter2@", "not the URL of a Redis server"),
        ("sentinel://host:26379", "Sentinel"),
        ("amqp://", "one server"),
        ("amqp://one,two:5672", "one server"),
        ("amqp://user:hunter2@host?ssl_cert_reqs=none", "about TLS"),
        ("amqps://user:hunter2@host?heartbeat=5", "there are only"),
    ],
)
def test_a_broker_that_is_none_is_refused_in_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("BROKER_URL", url)

    with pytest.raises(SettingInvalid, match=f"BROKER_URL: .*{words}.*host") as refusal:
        read_environment()

    assert "hunter2" not in str(refusal.value)


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "proxy",
        "https://me:hunter2@proxy:3128",
        "socks5://me:hunter2@proxy:1080",
        "http://",
        "http://:3128",
        "http://[",
        "http://me:hunter2@proxy:0",
        "http://me:hunter2@proxy:99999",
        "http://me:hunter2@proxy:many",
        "Environment",
        " ",
    ],
)
def test_a_proxy_that_cannot_be_one_is_refused_in_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("ORQ_AGENT_PROXY", proxy)

    with pytest.raises(
        SettingInvalid, match=r"ORQ_AGENT_PROXY: .*http://proxy:3128, or environment"
    ) as refusal:
        read_environment()

    assert "hunter2" not in str(refusal.value)


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    "proxy", ["", "environment", "http://proxy", "http://proxy:3128", "http://me:p%40ss@[::1]:3128/"]
)
def test_a_proxy_or_none_is_taken(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ORQ_AGENT_PROXY", proxy)

    assert read_environment().agent_proxy.get_secret_value() == proxy


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize("key", ["x", "hunter2-hunter2", "x" * 64, "ab" * 32])
def test_a_weak_signing_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("ORQ_SECRET_KEY", key)

    with pytest.raises(SettingInvalid, match=r"ORQ_SECRET_KEY: .*at least 32 characters") as refusal:
        read_environment()

    assert key == "x" or key not in str(refusal.value)


@pytest.mark.usefixtures("_no_settings")
def test_an_empty_data_folder_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORQ_DATA_DIR", "")

    assert read_environment().data_dir.name == "var"


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "postgres://host:port/db"])
def test_a_database_we_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(SettingInvalid, match="DATABASE_URL"):
        database(
            Environment.model_construct(
                database_url=SecretStr(url), data_dir=Path("var"), database_pool_size=1
            )
        )


def test_a_process_with_a_wrong_setting_ends_with_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "ORQ_LEASE_SECONDS": "soon", "ORQ_DATA_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "orqsite", "report"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "ORQ_LEASE_SECONDS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"

    first = read_or_create(path, lambda: "one")
    second = read_or_create(path, lambda: "two")

    assert (first, second) == ("one", "one")
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "https://user:password@host"])
def test_an_address_of_the_console_that_nobody_could_follow_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ORQ_PUBLIC_URL", url)

    with pytest.raises(SettingInvalid, match="ORQ_PUBLIC_URL"):
        read_environment()
