"""The clock comes due, or a person says run now."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    BEAT,
    BOTH_TWINS,
    EDITING,
    EPOCHS,
    FIRING,
    FIRING_ENDING,
    FIRING_PORTABLE,
    FIRING_POSTGRESQL,
    RACES,
    RUN_NOW,
    RUNNING_NOW,
)
from tests.proofs.mutants.mutant import Mutant

FIRES: Final = (
    Mutant(
        "the unique key is not in the database",
        "schedules/migrations/initial/runs.py",
        '                    condition=Q(("fire_time__isnull", False)),\n'
        '                    fields=("schedule", "generation", "fire_time"),\n',
        '                    condition=Q(("fire_time__isnull", False)),\n'
        '                    fields=("schedule", "generation", "fire_time", "id"),\n',
        (f"{BOTH_TWINS}::test_the_database_itself_refuses_a_second_run_of_a_fire_time",),
    ),
    Mutant(
        "a fire time that has a run stops the batch",
        FIRING_POSTGRESQL,
        "on_conflict=_IGNORE_EXISTING if ignore_existing else",
        'on_conflict="" if ignore_existing else',
        (f"{BOTH_TWINS}::test_a_fire_time_that_has_a_run_keeps_it",),
    ),
    Mutant(
        "a missed fire time that is recorded stops the batch",
        FIRING_POSTGRESQL,
        "    ON CONFLICT (schedule_id, generation, first_fire_time) DO NOTHING\n",
        "",
        (f"{BOTH_TWINS}::test_a_missed_record_that_is_there_is_kept",),
    ),
    Mutant(
        "a fire time that has a run stops the batch, portably",
        FIRING_PORTABLE,
        "now, grace) for firing in firings),\n            batch_size=_CHUNK,\n            ignore_conflicts=True,\n",
        "now, grace) for firing in firings),\n            batch_size=_CHUNK,\n",
        (f"{BOTH_TWINS}::test_a_fire_time_that_has_a_run_keeps_it",),
    ),
    Mutant(
        "record and advance are not one transaction",
        FIRING,
        "    with transaction.atomic():\n        due = batch.take_due",
        "    if connection:\n        due = batch.take_due",
    ),
    Mutant(
        "runs are recorded and schedules advanced after the transaction that claimed them",
        FIRING,
        "        recorded = firings\n        if is_careful:",
        "    if firings:\n        recorded = firings\n        if is_careful:",
        (f"{RACES}::test_an_edit_waits_for_the_beat_that_has_taken_the_schedule",),
    ),
    Mutant(
        "a beat waits for a schedule that is being edited",
        FIRING_POSTGRESQL,
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        (f"{RACES}::test_a_beat_passes_over_a_schedule_that_is_being_edited",),
    ),
    Mutant(
        "a beat takes no row locks",
        FIRING_POSTGRESQL,
        "FOR NO KEY UPDATE SKIP LOCKED\n",
        "",
        (f"{RACES}::test_an_edit_waits_for_the_beat_that_has_taken_the_schedule",),
    ),
    Mutant(
        "a beat waits for a schedule whose last firing it is",
        FIRING_ENDING,
        "select_for_update(skip_locked=True, no_key=True)",
        "select_for_update(no_key=True)",
        (f"{RACES}::test_a_beat_leaves_the_last_firing_of_a_schedule_that_is_held_to_the_next_tick",),
    ),
    Mutant(
        "a beat fires while a schedule is edited",
        EDITING,
        "    epochs.lock_next_fire(schedule)\n",
        "",
        (f"{RACES}::test_a_beat_passes_over_a_schedule_that_is_being_edited",),
    ),
    Mutant(
        "an edit does not see what a beat has just fired",
        EPOCHS,
        "NextFire.objects.select_for_update(no_key=True)",
        "NextFire.objects.all()",
        (f"{RACES}::test_an_edit_waits_for_the_beat_that_has_taken_the_schedule",),
    ),
    Mutant(
        "after a firing nothing waits for the disk any more",
        FIRING_POSTGRESQL,
        '"SET LOCAL synchronous_commit',
        '"SET synchronous_commit',
        (f"{BOTH_TWINS}::test_only_firings_do_not_wait_for_the_disk",),
    ),
    Mutant(
        "a firing leaves the schedule suspended",
        FIRING_POSTGRESQL,
        "SET fire_time = fired.following, suspended_until = NULL",
        "SET fire_time = fired.following",
        (f"{BOTH_TWINS}::test_a_schedule_whose_cadence_raises_is_suspended_and_stops_no_other",),
    ),
    Mutant(
        "messages leave before the commit",
        BEAT,
        "                fired = fire_due(now, limit, self._room())\n"
        "                self._messages.send(fired.runs)\n",
        "                from django.db import transaction\n"
        "                with transaction.atomic():\n"
        "                    fired = fire_due(now, limit, self._room())\n"
        "                    self._messages.send(fired.runs)\n",
        ("tests/workers/test_beat.py::test_no_message_leaves_before_its_run_is_committed",),
    ),
    Mutant(
        "a trigger's message leaves before the commit",
        RUN_NOW,
        "transaction.on_commit(lambda: dispatch.send_later(run.id, run.generation, TRIGGER_DELAY))",
        "dispatch.send_later(run.id, run.generation, TRIGGER_DELAY)",
    ),
    Mutant(
        "a firing sends no message",
        BEAT,
        "                self._messages.send(fired.runs)\n",
        "",
        ("tests/workers/test_beat.py::test_a_tick_fires_what_is_due",),
    ),
    Mutant(
        "the oldest missed fire time gets the run",
        FIRING,
        "        newest=overdue.newest,\n",
        "        newest=fire_time,\n",
        (
            f"{BOTH_TWINS}::test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded",
        ),
    ),
    Mutant(
        "an interval forgets its anchor",
        FIRING,
        "parse(schedule.type, schedule.expression).anchored_at(anchor_at)",
        "parse(schedule.type, schedule.expression).anchored_at(now)",
        (f"{BOTH_TWINS}::test_an_interval_stays_on_its_beat_after_an_outage",),
    ),
    Mutant(
        "a once that has fired stays active",
        FIRING_POSTGRESQL,
        "SET is_active = false, is_finished = true",
        "SET is_active = true, is_finished = false",
    ),
    Mutant(
        "a once that has fired counts as paused",
        FIRING_POSTGRESQL,
        "SET is_active = false, is_finished = true",
        "SET is_active = false, is_finished = false",
    ),
    Mutant(
        "paused schedules fire",
        EPOCHS,
        "    NextFire.objects.filter(schedule_id=schedule.id).delete()\n",
        "",
    ),
    Mutant(
        "an inactive schedule is triggered",
        RUN_NOW,
        "    if not (schedule.is_active or (ended is not None and schedule.is_finished)):",
        "    if False:",
    ),
    Mutant(
        "a trigger starts at once",
        RUN_NOW,
        "not_before = now + TRIGGER_DELAY",
        "not_before = now",
        (f"{RUNNING_NOW}::test_run_now_makes_one_run_ten_seconds_later_and_leaves_the_cadence_alone",),
        database="sqlite",
    ),
    Mutant(
        "a run that is run again gets the newest payload",
        RUN_NOW,
        "payload=ended.payload if ended else None",
        "payload=None",
        (f"{RUNNING_NOW}::test_a_failed_run_is_run_again_with_the_payload_it_had",),
    ),
    Mutant(
        "late firings are not paced",
        FIRING,
        "settings.ORQ.catch_up_per_second, now",
        "1_000_000, now",
        (f"{BOTH_TWINS}::test_late_firings_of_an_agent_are_spread_over_time",),
    ),
    Mutant(
        "each process goes by its own clock",
        "schedules/database/clock.py",
        "    if not is_postgresql():\n",
        "    if is_postgresql() or connection.vendor:\n",
        ("tests/proofs/model/test_protocol.py::test_the_databases_clock_judges_not_the_processs",),
    ),
    Mutant(
        "a tick counts the next second from its end",
        "workers/beat.py",
        "        return min(next_at, ",
        "        return min(time.monotonic() + _until_next_second(database_now()), ",
        (
            "tests/workers/test_beat.py::test_a_tick_that_ends_after_a_second_it_did_not_look_at_is_followed_at_once",
        ),
    ),
)
