"""The tallies: what is counted, when it is folded, and what a recount looks at."""

from typing import Final

from tests.proofs.mutants.mutant import Mutant

COLUMNS: Final = "schedules/tallies/columns.py"
COUNTED_RUNS: Final = "schedules/migrations/initial/tally_triggers.py"
COUNTERS: Final = "schedules/metrics/counters.py"
ENDED: Final = "schedules/tallies/ended.py"
FOLDING: Final = "schedules/tallies/folding.py"
FOLDING_POSTGRESQL: Final = "schedules/tallies/folding_postgresql.py"
SPENDING: Final = "schedules/tallies/spending.py"
KEPT_ON_SQLITE: Final = "schedules/database/sqlite_triggers.py"
TRIGGERS_SQLITE: Final = "schedules/tallies/triggers_sqlite.py"

COUNTING: Final = "tests/schedules/tallies/test_counting.py"
COSTS: Final = "tests/schedules/tallies/test_spending.py"
EACH_END: Final = f"{COUNTING}::test_each_way_to_end_is_counted_once"
FOLDS: Final = "tests/races/test_fold_races.py"
METRICS: Final = "tests/schedules/metrics/test_collector.py"

TALLYING: Final = (
    Mutant(
        "an ended run is counted at each further change",
        COUNTED_RUNS,
        "    WHEN (OLD.state IN ('pending', 'running') AND NEW.state",
        "    WHEN (NEW.state",
        (f"{COUNTING}::test_an_ended_run_is_not_counted_again",),
    ),
    Mutant(
        "a run that never started is not counted",
        COUNTED_RUNS,
        "    WHEN (OLD.state IN ('pending', 'running') AND",
        "    WHEN (OLD.state IN ('running') AND",
        (EACH_END,),
    ),
    Mutant(
        "a run counts in the hour it ended",
        COUNTED_RUNS,
        "its_workspace, its_agent, date_trunc('hour', due_at, 'UTC'), NEW.state, NEW.reason, occasion, 1,",
        "its_workspace, its_agent, date_trunc('hour', NEW.finished_at, 'UTC'), NEW.state, NEW.reason, occasion, 1,",
        (f"{COUNTING}::test_the_hour_is_the_one_in_which_the_run_was_due",),
    ),
    Mutant(
        "earlier attempts are not counted",
        COUNTED_RUNS,
        "    IF NEW.attempt > 1 THEN\n",
        "    IF NEW.attempt > 100 THEN\n",
        (f"{COUNTING}::test_lateness_and_the_length_of_each_attempt_are_counted_in_buckets",),
    ),
    Mutant(
        "a missed record counts once",
        COUNTED_RUNS,
        "'missed', NEW.reason, 'cadence',\n        NEW.count\n",
        "'missed', NEW.reason, 'cadence',\n        1\n",
        (f"{COUNTING}::test_missed_fire_times_are_counted_by_their_number",),
    ),
    Mutant(
        "a run due at no time ends in an error",
        COUNTED_RUNS,
        "    IF due_at NOT BETWEEN '1970-01-01' AND '9999-12-31' THEN",
        "    IF false THEN",
        (f"{COUNTING}::test_a_run_that_is_due_at_no_time_at_all_ends_and_is_not_counted",),
    ),
    Mutant(
        "the triggers of SQLite are not made anew after a migration",
        KEPT_ON_SQLITE,
        '                    cursor.execute(f"CREATE TRIGGER {name} {words}")\n',
        "                    str(words)\n",
        (EACH_END,),
        "sqlite",
    ),
    Mutant(
        "a beat folds what another one holds",
        FOLDING_POSTGRESQL,
        "FOR UPDATE SKIP LOCKED",
        "FOR UPDATE",
        (f"{FOLDS}::test_deltas_that_another_beat_holds_are_left_to_it",),
    ),
    Mutant(
        "deltas are folded and kept",
        FOLDING,
        "    TallyDelta.objects.filter(id__lte=ids[-1]).delete()\n",
        "",
        (f"{COUNTING}::test_several_folds_add_up",),
        "sqlite",
    ),
    Mutant(
        "a fold and what it deletes are two transactions",
        FOLDING,
        "@transaction.atomic\ndef _fold",
        "def _fold",
        (f"{FOLDS}::test_beats_that_fold_at_once_count_each_delta_once",),
        "sqlite",
    ),
    Mutant(
        "a second fold overwrites the first",
        COLUMNS,
        '    total = f"{table}.{column} + excluded.{column}"',
        '    total = f"excluded.{column}"',
        (f"{COUNTING}::test_several_folds_add_up",),
    ),
    Mutant(
        "unknown tokens are zero",
        COLUMNS,
        'f"sum({column})" for column in SAID',
        'f"coalesce(sum({column}), 0)" for column in SAID',
        (f"{COUNTING}::test_tokens_that_nobody_has_counted_are_not_zero",),
    ),
    Mutant(
        "a recount leaves earlier attempts out",
        ENDED,
        "WHERE run.state NOT IN ('pending', 'running') AND run.id >= %(first_id)s AND {is_instant}\n"
        "  AND {hour} >= %(since)s\nUNION ALL\nSELECT schedule.workspace_id",
        "WHERE false\nUNION ALL\nSELECT schedule.workspace_id",
        ("tests/schedules/ledger/test_damages.py::test_all_that_is_usual_is_clean",),
    ),
    Mutant(
        "the answer's own cost is passed over",
        SPENDING,
        "    cost = _own_cost(usage)\n",
        "    cost = None\n",
        (f"{COSTS}::test_the_answers_own_cost_comes_first",),
    ),
    Mutant(
        "a counter leaves out what is not folded yet",
        COUNTERS,
        "FROM {TallyDelta._meta.db_table} GROUP BY",
        "FROM {TallyDelta._meta.db_table} WHERE false GROUP BY",
        (f"{METRICS}::test_a_run_is_fired_once_whether_it_is_open_or_has_ended",),
    ),
)
