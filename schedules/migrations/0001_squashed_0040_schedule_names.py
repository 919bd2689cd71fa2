"""Everything that release 0.1.0 stores. The tables and what belongs to them are described in `initial/`.

It stands for the migrations of the time before the release: a database that has had them all goes on without it.
"""

from typing import ClassVar

from django.conf import settings
from django.db import migrations

from schedules.migrations.initial import (
    agents,
    alerts,
    cadences,
    deliveries,
    free_slot,
    kept_journal,
    postgresql_indexes,
    processes,
    records,
    runs,
    signal_triggers,
    tallies,
    tally_triggers,
    workspaces,
)

BEFORE_THE_RELEASE = (
    "0001_initial",
    "0002_cadence_epochs",
    "0003_schedule_revision",
    "0004_idempotency_record",
    "0005_audit_results",
    "0006_drop_pattern_indexes",
    "0007_runs_that_did_not_succeed",
    "0008_no_second_index_of_agents",
    "0009_next_fires",
    "0010_no_pattern_index_of_next_fires",
    "0011_suspended_until",
    "0012_late_runs",
    "0013_settings_of_agents",
    "0014_deleted_agents",
    "0015_scopes",
    "0016_attempts",
    "0017_runs_of_agents",
    "0018_runs_of_agents_stored",
    "0019_linked_traceparent",
    "0020_process_registrations",
    "0021_known_encryption_keys",
    "0022_account_of_work",
    "0023_account_of_work_stored",
    "0024_clock_leaps",
    "0025_calls_in_flight",
    "0026_login_failures",
    "0027_keys",
    "0028_journal",
    "0029_memberships",
    "0030_journal_questions",
    "0031_provider_accounts",
    "0032_holds",
    "0033_tallies",
    "0034_counted_runs",
    "0035_runs_of_workspaces",
    "0036_alerts",
    "0037_alert_signals",
    "0038_deliveries",
    "0039_coming_load",
    "0040_schedule_names",
)


class Migration(migrations.Migration):
    initial = True

    replaces: ClassVar = [("schedules", name) for name in BEFORE_THE_RELEASE]

    dependencies: ClassVar = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations: ClassVar = [
        *workspaces.OPERATIONS,
        *agents.OPERATIONS,
        *cadences.OPERATIONS,
        *runs.OPERATIONS,
        *records.OPERATIONS,
        *tallies.OPERATIONS,
        *alerts.OPERATIONS,
        *deliveries.OPERATIONS,
        *processes.OPERATIONS,
        *free_slot.OPERATIONS,
        *kept_journal.OPERATIONS,
        *tally_triggers.OPERATIONS,
        *signal_triggers.OPERATIONS,
        *postgresql_indexes.OPERATIONS,
    ]
