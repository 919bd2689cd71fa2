"""The closed ledger: every instant of every cadence epoch has exactly one record. This recounts it.

The instants are computed anew from the epochs, without the firing code: all of each cadence, from its beginning.
A run covers its fire time; a missed record covers its first to its last, and says how many those are.
The audit also asks for what a record alone cannot tell: work that nobody brings on, and promises that are gone.
"""

from schedules.ledger.auditing import audit
from schedules.ledger.findings import REMEDIES, Audit, Finding, Problem, remedies_of
from schedules.ledger.housekeeping import audit_what_is_new, kept_since

__all__ = [
    "REMEDIES",
    "Audit",
    "Finding",
    "Problem",
    "audit",
    "audit_what_is_new",
    "kept_since",
    "remedies_of",
]
