"""A worker's database connections are ready before its runs: the first of a herd wait for none.

A new server process of PostgreSQL takes tens of milliseconds of processor time for its first statements: it reads
the catalogue, parses and plans. Ten of them, made when a herd comes, delay its first runs by some tenths of a second.
"""

import threading
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from celery.signals import worker_ready
from django.db import Error, connection

from schedules.runs import claim_postgresql, finishing

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 10.0


@worker_ready.connect
def warm_up(**_: Any) -> None:
    """Open all connections of the pool for good and use each once; the work does not wait for it."""
    pool: Any = getattr(connection, "pool", None)
    if pool is not None:
        pool.open()
        pool.resize(pool.max_size, pool.max_size)
        threading.Thread(target=use_each_once, args=[pool], name="warm-up", daemon=True).start()


def use_each_once(pool: Any) -> None:
    """Claim and end a run that does not exist; psycopg's pool lends its connections in turn, so that none is held."""
    try:
        pool.wait(PATIENCE_SECONDS)
        for _ in range(pool.max_size):
            claim_postgresql.start("", 0, "", None, timedelta(seconds=1))
            finishing.succeed("", 0, None, **finishing.NO_OUTCOME)
            connection.close()
    except (Error, psycopg.Error) as error:
        log.warning("worker.not_warmed_up", error=type(error).__name__)
    else:
        log.info("worker.warmed_up", connection_count=pool.max_size)
    finally:
        connection.close()
