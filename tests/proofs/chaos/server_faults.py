"""What servers do while they answer: a database that takes no writes, a broker that refuses them, a poisoned row."""

from typing import Final

import psycopg

from tests.proofs.chaos.faults import Blow
from tests.proofs.chaos.plan import POISONED

_ROW: Final = "schedule_id = (SELECT id FROM schedules_schedule WHERE payload ->> 'input' = %(subject)s)"
_BEFORE: Final = f"SELECT expression, fire_time FROM schedules_nextfire WHERE {_ROW}"  # noqa: S608 - our own words
_POISON: Final = (
    "fire_time = '0001-01-01'",
    "fire_time = '-infinity'",
    "fire_time = now(), expression = '?'",
)
_MENDED: Final = "expression = %(expression)s, fire_time = %(fire_time)s, suspended_until = NULL"


def make_database_read_only(blow: Blow) -> str:
    """An operator sets PostgreSQL to read-only, and back."""
    world = blow.world
    with world.database_lock:
        world.say_to_postgres(
            "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"
        )
        blow.last(blow.pace.hold)
        world.say_to_postgres("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
    return "postgres"


def lead_to_the_standby(blow: Blow) -> str:
    """The database's name leads to a standby, which is read-only, and then to the primary again."""
    world = blow.world
    with world.database_lock:
        world.database_line.lead_to(world.standby().port)
        world.database_line.cut()
        blow.last(blow.pace.hold)
        world.database_line.lead_to(world.postgres.port)
    return "database line"


def exhaust_broker(blow: Blow) -> str:
    """Valkey has no memory left, and answers every write with an error."""
    return _set(blow, "maxmemory", "1", "0")


def isolate_broker(blow: Blow) -> str:
    """Valkey lacks the replicas that it must have to take a write."""
    return _set(blow, "min-replicas-to-write", "1", "0")


def demote_broker(blow: Blow) -> str:
    """Valkey is made a replica, which is read-only, of a server that is not there."""
    with blow.world.broker_lock, blow.world.broker() as broker:
        broker.execute_command("REPLICAOF", "127.0.0.1", "1")
        blow.last(blow.pace.hold)
        broker.execute_command("REPLICAOF", "NO", "ONE")
    return "valkey"


def poison_a_next_fire(blow: Blow) -> str | None:
    """One row holds what no cadence can have, until somebody mends it."""
    poison, subject = blow.random.choice(_POISON), {"subject": POISONED}
    with blow.world.database_lock, psycopg.connect(blow.world.postgres.url, autocommit=True) as operator:
        before = operator.execute(_BEFORE, subject).fetchone()
        if before is None:
            return None
        operator.execute(_update(poison), subject)
        blow.last(blow.pace.hold)
        operator.execute(_update(_MENDED), {**subject, "expression": before[0], "fire_time": before[1]})
    return poison


def _update(columns: str) -> bytes:
    return f"UPDATE schedules_nextfire SET {columns} WHERE {_ROW}".encode()  # noqa: S608 - our own words


def _set(blow: Blow, name: str, bad: str, good: str) -> str:
    with blow.world.broker_lock, blow.world.broker() as broker:
        broker.config_set(name, bad)
        blow.last(blow.pace.hold)
        broker.config_set(name, good)
    return "valkey"
