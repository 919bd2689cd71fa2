"""What a process looks at before it begins: a mistake ends it with one sentence instead of failing its first work."""

import codecs
import encodings
import pkgutil
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import Error, connection

from orqsite.databases import TIME_OUTS
from orqsite.environment import SettingInvalid
from orqsite.logs import log_what_ends_the_process
from orqsite.servers.redis_url import CLUSTER, FORM

log = structlog.get_logger(__name__)

KEYED_COMMANDS: Final = frozenset(
    {"create_agent", "create_api_key", "migrate", "rotate_secrets", "runserver", "seed_demo"}
)
"""Commands of `manage.py` that begin a service or seal its secrets."""

HOW_TO_MAKE_A_KEY: Final = (
    'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
)


def begin() -> None:
    """For web, beat and worker; SettingInvalid."""
    if settings.ORQ.log_format == "json":
        log_what_ends_the_process()
    require_encryption_keys()
    _require_static_files()
    touch_codecs()
    _require_no_cluster()
    _require_time_outs()
    learn_the_time()
    require_known_keys()


def learn_the_time() -> None:
    """From the database, which may not answer yet: then the first answer is believed."""
    from schedules import processes  # models can be imported once Django is set up, not before

    try:
        processes.learn_the_time()
    except Error as error:
        log.info("clock.not_read", error=type(error).__name__)
    finally:
        _let_go_of_the_database()


def require_encryption_keys() -> None:
    """There is a key; SettingInvalid. None is made here: what it sealed would be lost with this machine."""
    if not settings.ENCRYPTION_KEYS:
        raise SettingInvalid(
            f"ORQ_ENCRYPTION_KEYS: not set, and there is no file {settings.DATA_DIR / 'encryption_key'}. Set it to "
            "the keys that all processes of this service share, or restore the file. Only for a new service make a "
            f"new one: {HOW_TO_MAKE_A_KEY}"
        )


def require_known_keys() -> None:
    """One of the keys is the database's; SettingInvalid. A database that does not answer is asked by `/readyz`."""
    from schedules.secrets import known_keys  # models can be imported once Django is set up, not before

    try:
        state = known_keys.check()
    except Error as error:
        log.info("keys.not_compared", error=type(error).__name__)
        return
    finally:
        _let_go_of_the_database()
    if state.name == known_keys.FOREIGN:
        raise SettingInvalid(f"ORQ_ENCRYPTION_KEYS: {state}. Give this process the keys that the others have")
    if state.name == known_keys.INCOMPLETE:
        log.warning("keys.incomplete", missing=state.missing)


def _require_static_files() -> None:
    """Where they are said to be; SettingInvalid."""
    folder = settings.ORQ.static_dir
    if folder and not (Path(folder) / "staticfiles.json").is_file():
        raise SettingInvalid(
            f"ORQ_STATIC_DIR: no files were collected in {folder}. Run `python3 manage.py collectstatic`, after each "
            "update again, or leave it empty"
        )


def touch_codecs() -> None:
    """Import every codec now.

    Python imports one when it is first asked for, and remembers for good that there was none when the import fails.
    A process that has run out of descriptors once would resolve no host name and read no answer ever after.
    """
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError, ImportError):
            codecs.lookup(module.name)


def _require_no_cluster() -> None:
    from schedules.health.broker import is_cluster, is_redis

    given = {"REDIS_URL": settings.ORQ.redis_url, "BROKER_URL": settings.ORQ.broker_url}
    for variable, secret in given.items():
        url = secret.get_secret_value()
        if is_redis(url) and is_cluster(url):
            raise SettingInvalid(f"{variable}: {CLUSTER}; {FORM}")


def _require_time_outs() -> None:
    """Behind a pooler they are the role's own, or nobody's; SettingInvalid. A database that is away is not asked."""
    if not settings.ORQ.transaction_pooler:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0'", [[*TIME_OUTS]]
            )
            lacking = [name for (name,) in cursor.fetchall()]
    except Error as error:
        log.info("database.time_outs_not_read", error=type(error).__name__)
        return
    finally:
        _let_go_of_the_database()
    if lacking:
        role = settings.DATABASES["default"]["USER"]
        statements = "; ".join(f"ALTER ROLE {role} SET {name} = '{TIME_OUTS[name]}'" for name in lacking)
        raise SettingInvalid(
            f"ORQ_TRANSACTION_POOLER: the database's role lacks time-outs. Set them: {statements}"
        )


def _let_go_of_the_database() -> None:
    """A process that forks afterwards must not hand a pool of connections on to its children."""
    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()
