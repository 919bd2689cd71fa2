"""The closed ledger: every instant of every cadence epoch has exactly one record. This recounts it.

The instants are computed anew from the epochs, without the firing code: by stepping through each cadence.
A run covers its fire time; a missed record covers its first to its last, and says how many those are.
"""

from schedules.ledger.findings import Audit, Finding, Problem
from schedules.ledger.housekeeping import audit_what_is_new, kept_since
from schedules.ledger.recount import audit

__all__ = ["Audit", "Finding", "Problem", "audit", "audit_what_is_new", "kept_since"]
