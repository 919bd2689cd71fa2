"""The clock comes due, or a person says run now."""

from typing import Final

from tests.mutants.catalogue.places import BOTH_TWINS, FIRING, PORTABLE, POSTGRESQL, RACES
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
        "ON CONFLICT (schedule_id, generation, fire_time) WHERE fire_time IS NOT NULL DO NOTHING\n",
        "",
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
        "messages leave before the commit",
        FIRING,
        "        batch.record(firings, now, timedelta(seconds=settings.ORQ.redispatch_seconds))\n",
        "        batch.record(firings, now, timedelta(seconds=settings.ORQ.redispatch_seconds))\n"
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
        "    (send or dispatch.send_now)([(firing.run_id, firing.schedule.generation) for firing in in_time])\n",
        "    list(in_time)\n",
    ),
    Mutant(
        "the oldest missed fire time gets the run",
        FIRING,
        "        newest=late.newest,\n",
        "        newest=schedule.next_fire_at,\n",
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
        "is_active = fired.following IS NOT NULL,\n    is_finished = fired.following IS NULL,",
        "",
    ),
    Mutant(
        "a once that has fired counts as paused",
        POSTGRESQL,
        "is_finished = fired.following IS NULL,",
        "is_finished = false,",
    ),
    Mutant(
        "paused schedules fire",
        POSTGRESQL,
        "WHERE is_active AND next_fire_at <= %(now)s",
        "WHERE COALESCE(next_fire_at, %(now)s) <= %(now)s",
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
        "paced(_plans(due, now), settings.ORQ.catch_up_per_second, now)",
        "paced(_plans(due, now), 1_000_000, now)",
        (f"{BOTH_TWINS}::test_late_firings_of_an_agent_are_spread_over_time",),
    ),
    Mutant(
        "each process goes by its own clock",
        "schedules/clock.py",
        '    if connection.vendor != "postgresql":\n',
        "    if connection.vendor:\n",
        ("tests/model/test_protocol.py::test_the_databases_clock_judges_not_the_processs",),
    ),
)
