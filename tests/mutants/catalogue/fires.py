"""The clock comes due, or a person says run now."""

from typing import Final

from tests.mutants.catalogue.places import BOTH_TWINS, EDITING, EPOCHS, FIRING, PORTABLE, POSTGRESQL, RACES
from tests.mutants.mutant import Mutant

FIRES: Final = (
    Mutant(
        "the unique key is not in the database",
        "schedules/migrations/0001_initial.py",
        "models.UniqueConstraint(condition=models.Q(('fire_time__isnull', False)), "
        "fields=('schedule', 'generation', 'fire_time'), name='run_one_per_fire_time'), ",
        "",
        (f"{BOTH_TWINS}::test_the_database_itself_refuses_a_second_run_of_a_fire_time",),
    ),
    Mutant(
        "a fire time that has a run stops the batch",
        POSTGRESQL,
        "known=_KEEP_KNOWN if is_careful else",
        'known="" if is_careful else',
        (f"{BOTH_TWINS}::test_a_fire_time_that_has_a_run_keeps_it",),
    ),
    Mutant(
        "a missed fire time that is recorded stops the batch",
        POSTGRESQL,
        "    ON CONFLICT (schedule_id, generation, first_fire_time) DO NOTHING\n",
        "",
        (f"{BOTH_TWINS}::test_a_missed_record_that_is_there_is_kept",),
    ),
    Mutant(
        "a fire time that has a run stops the batch, portably",
        PORTABLE,
        "(_run(firing, now, grace) for firing in firings), batch_size=_CHUNK, ignore_conflicts=True",
        "(_run(firing, now, grace) for firing in firings), batch_size=_CHUNK",
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
        "        batch.record(firings, now,",
        "    if firings:\n        batch.record(firings, now,",
        (f"{RACES}::test_an_edit_waits_for_the_beat_that_has_taken_the_schedule",),
    ),
    Mutant(
        "a beat waits for a schedule that is being edited",
        POSTGRESQL,
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        (f"{RACES}::test_a_beat_passes_over_a_schedule_that_is_being_edited",),
    ),
    Mutant(
        "a beat takes no row locks",
        POSTGRESQL,
        "FOR NO KEY UPDATE SKIP LOCKED\n",
        "",
        (f"{RACES}::test_an_edit_waits_for_the_beat_that_has_taken_the_schedule",),
    ),
    Mutant(
        "a beat waits for a schedule whose last firing it is",
        FIRING,
        "select_for_update(skip_locked=True, no_key=True)",
        "select_for_update(no_key=True)",
        (f"{RACES}::test_a_beat_leaves_the_last_firing_of_a_schedule_that_is_held_to_the_next_tick",),
    ),
    Mutant(
        "a beat fires while a schedule is edited",
        EDITING,
        "    epochs.hold_next_fire(schedule)\n",
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
        POSTGRESQL,
        '"SET LOCAL synchronous_commit',
        '"SET synchronous_commit',
        (f"{BOTH_TWINS}::test_only_firings_do_not_wait_for_the_disk",),
    ),
    Mutant(
        "a firing leaves the schedule held",
        POSTGRESQL,
        "SET fire_time = fired.following, held_until = NULL",
        "SET fire_time = fired.following",
        (f"{BOTH_TWINS}::test_a_schedule_whose_cadence_raises_is_held_back_and_stops_no_other",),
    ),
    Mutant(
        "messages leave before the commit",
        FIRING,
        "        batch.record(firings, now, grace, is_careful=is_careful)\n",
        "        batch.record(firings, now, grace, is_careful=is_careful)\n"
        "        dispatch.send_now((firing.run_id, firing.schedule.generation) for firing in firings)\n",
    ),
    Mutant(
        "a trigger's message leaves before the commit",
        FIRING,
        "transaction.on_commit(lambda: dispatch.send_later(run.id, run.generation, TRIGGER_DELAY))",
        "dispatch.send_later(run.id, run.generation, TRIGGER_DELAY)",
    ),
    Mutant(
        "a firing sends no message",
        FIRING,
        "    taken.send()\n",
        "",
    ),
    Mutant(
        "the oldest missed fire time gets the run",
        FIRING,
        "        newest=late.newest,\n",
        "        newest=schedule.fire_time,\n",
        (
            f"{BOTH_TWINS}::test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded",
        ),
    ),
    Mutant(
        "an interval forgets its anchor",
        FIRING,
        "parse(schedule.type, schedule.expression).anchored_at(schedule.anchor_at)",
        "parse(schedule.type, schedule.expression).anchored_at(now)",
        (f"{BOTH_TWINS}::test_an_interval_stays_on_its_beat_after_an_outage",),
    ),
    Mutant(
        "a once that has fired stays active",
        POSTGRESQL,
        "SET is_active = false, is_finished = true",
        "SET is_active = true, is_finished = false",
    ),
    Mutant(
        "a once that has fired counts as paused",
        POSTGRESQL,
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
        FIRING,
        "    if not schedule.is_active:\n        raise ScheduleInactive\n",
        "",
    ),
    Mutant(
        "a trigger starts at once",
        FIRING,
        "runs.add_manual(schedule, now + TRIGGER_DELAY, now, payload)",
        "runs.add_manual(schedule, now, now, payload)",
        (f"{BOTH_TWINS}::test_run_now_makes_one_run_ten_seconds_later_and_leaves_the_cadence_alone",),
        database="sqlite",
    ),
    Mutant(
        "a run that is run again gets the newest payload",
        FIRING,
        "payload = ended.payload if ended else None",
        "payload = None",
        (f"{BOTH_TWINS}::test_a_failed_run_is_run_again_with_the_payload_it_had",),
    ),
    Mutant(
        "late firings are not paced",
        FIRING,
        "paced(_endable(plans), settings.ORQ.catch_up_per_second, now)",
        "paced(_endable(plans), 1_000_000, now)",
        (f"{BOTH_TWINS}::test_late_firings_of_an_agent_are_spread_over_time",),
    ),
    Mutant(
        "each process goes by its own clock",
        "schedules/clock.py",
        '    if connection.vendor != "postgresql":\n',
        "    if connection.vendor:\n",
        ("tests/model/test_protocol.py::test_the_databases_clock_judges_not_the_processs",),
    ),
    Mutant(
        "a tick counts the next second from its end",
        "workers/beat.py",
        "        return next_at\n",
        "        return time.monotonic() + _until_next_second(database_now())\n",
        (
            "tests/workers/test_beat.py::test_a_tick_that_ends_after_a_second_it_did_not_look_at_is_followed_at_once",
        ),
    ),
)
