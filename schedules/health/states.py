"""What may be wrong with the database or the broker, in one word for programs and a sentence for people."""

from typing import Final

OK: Final = "ok"
UNREACHABLE: Final = "unreachable"
READ_ONLY: Final = "read_only"
DISK_FULL: Final = "disk_full"
LOCKED: Final = "locked"
NOT_MIGRATED: Final = "not_migrated"
BUSY: Final = "busy"
OUT_OF_MEMORY: Final = "out_of_memory"
NO_REPLICAS: Final = "no_replicas"
NO_PERMISSION: Final = "no_permission"
WRONG_TYPE: Final = "wrong_type"
CLUSTER: Final = "cluster"
NOT_PERSISTING: Final = "not_persisting"
LOADING: Final = "loading"
ALARM: Final = "alarm"
FAILED: Final = "failed"

SENTENCES: Final = {
    OK: "takes writes",
    UNREACHABLE: "does not answer",
    READ_ONLY: "is read-only",
    DISK_FULL: "has no room left on its disk",
    LOCKED: "has a table that somebody has locked",
    NOT_MIGRATED: "lacks tables: run `python3 manage.py migrate`",
    BUSY: "answers, but no connection was free in time",
    OUT_OF_MEMORY: "is out of memory (maxmemory) and refuses writes",
    NO_REPLICAS: "refuses writes because too few replicas are connected (min-replicas-to-write)",
    NO_PERMISSION: "does not permit this user to write",
    WRONG_TYPE: "holds something else under the name of a queue's key",
    CLUSTER: "is a Redis Cluster, which cannot be the broker",
    NOT_PERSISTING: "refuses writes because it cannot save to its disk",
    LOADING: "is still loading its data",
    ALARM: "refuses messages because of an alarm about its memory or its disk (RabbitMQ)",
    FAILED: "refuses writes for a reason that has no name here; the log has it",
}
"""Behind "the database" or "the broker"."""
