"""The statements that fire a batch of schedules: a portable form and PostgreSQL's own, held by the same tests.

All of them run inside the caller's transaction: claim, insert and advance are committed together or not at all.
"""

from schedules.fire_batches.firing import DueSchedule, FireBatch, FireTimes, Firing
from schedules.fire_batches.portable import PortableFireBatch
from schedules.fire_batches.postgresql import PostgresqlFireBatch

__all__ = ["DueSchedule", "FireBatch", "FireTimes", "Firing", "fire_batch_for"]


def fire_batch_for(vendor: str) -> FireBatch:
    """The statements for a database of this vendor (`connection.vendor`)."""
    return PostgresqlFireBatch() if vendor == "postgresql" else PortableFireBatch()
