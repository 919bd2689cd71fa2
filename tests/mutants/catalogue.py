"""The mutants: each breaks one rule of the protocols. Their texts are short, so that they outlive other changes."""

from typing import Final

from tests.mutants.mutant import Mutant

EDITING: Final = "schedules/editing.py"
EPOCHS: Final = "schedules/epochs.py"
FIRING: Final = "schedules/firing.py"
PORTABLE: Final = "schedules/fire_batches/portable.py"
POSTGRESQL: Final = "schedules/fire_batches/postgresql.py"
RECOVERY: Final = "schedules/recovery.py"
RUN: Final = "schedules/models/run.py"
RUNS: Final = "schedules/runs.py"
SCHEDULE: Final = "schedules/models/schedule.py"
BOTH_TWINS: Final = "tests/schedules/test_firing.py"
RACES: Final = "tests/races/test_races.py"
EXECUTION: Final = "tests/workers/test_execution.py"

CLAIMING: Final = (
    Mutant(
        "no generation check at the claim",
        RUNS,
        "    if schedule.generation != generation:",
        "    if schedule.generation < generation:",
    ),
    Mutant(
        "no active check at the claim",
        RUNS,
        "if not (schedule.is_active or schedule.is_finished):",
        "if schedule.generation < 0:",
    ),
    Mutant(
        "no deleted check at the claim",
        RUNS,
        "    if schedule.deleted_at is not None:",
        "    if schedule.generation < 0:",
    ),
    Mutant(
        "the run of a once that switched itself off is discarded",
        RUNS,
        "if not (schedule.is_active or schedule.is_finished):",
        "if not schedule.is_active:",
        ("tests/schedules/test_runs.py::test_the_run_of_a_once_that_switched_itself_off_still_executes",),
    ),
    Mutant(
        "a message of another generation starts the run",
        RUNS,
        "    if run.generation != generation:\n        return NotClaimed.WRONG_GENERATION\n",
        "",
        ("tests/schedules/test_runs.py::test_a_message_of_another_generation_or_run_starts_nothing",),
    ),
    Mutant(
        "no row lock at the claim",
        RUNS,
        'Schedule.objects.select_for_update(of=("self",), no_key=True)\n        .select_related',
        "Schedule.objects.select_related",
        (f"{RACES}::test_a_claim_waits_for_an_edit_and_then_starts_nothing",),
    ),
    Mutant("a run is claimed in any state", RUNS, "Run.objects.claimable(now)", "Run.objects.all()"),
    Mutant("a run is claimed before its time", RUNS, "Run.objects.claimable(now)", "Run.objects.pending()"),
    Mutant(
        "the claim does not check the attempt it read",
        RUNS,
        ".filter(id=run.id, attempt=run.attempt)\n        .update(",
        ".filter(id=run.id)\n        .update(",
        ("tests/model/test_protocol.py::test_a_claim_that_read_an_older_attempt_starts_nothing",),
    ),
    Mutant(
        "the payload is read again at a retry",
        RUNS,
        "payload = schedule.payload if run.payload is None else run.payload",
        "payload = schedule.payload",
    ),
    Mutant(
        "the payload is not kept on the run",
        RUNS,
        "            payload=payload,\n            agent_tag=agent_tag,\n            max_attempts",
        "            agent_tag=agent_tag,\n            max_attempts",
    ),
    Mutant("counters move with each attempt", RUNS, "is_first = run.started_at is None", "is_first = True"),
    Mutant(
        "counters do not move",
        RUNS,
        'trigger_count=F("trigger_count") + 1, last_triggered_at=now',
        "last_triggered_at=now",
    ),
    Mutant(
        "the claim is not one transaction",
        RUNS,
        "    with transaction.atomic():\n        return _claim(",
        "    if connection:\n        return _claim(",
    ),
    Mutant(
        "a stale run is refused but not discarded",
        RUNS,
        "return NotClaimed.DISCARDED if _discard(run_id, reason, now) else NotClaimed.NOT_PENDING",
        "return NotClaimed.DISCARDED",
    ),
    Mutant(
        "a claim that waited long starts with an old lease",
        RUNS,
        "if time.monotonic() - asked_at > lease.total_seconds() / 3:",
        "if time.monotonic() < asked_at:",
        (f"{RACES}::test_a_claim_that_waited_long_starts_nothing_with_an_old_lease",),
    ),
)

FINISHING: Final = (
    Mutant(
        "no attempt in the fence of a finish",
        RUN,
        "self.filter(id=run_id, attempt=attempt, state=RunState.RUNNING)",
        "self.filter(id=run_id, state=RunState.RUNNING)",
    ),
    Mutant(
        "no state in the fence of a finish",
        RUN,
        "self.filter(id=run_id, attempt=attempt, state=RunState.RUNNING)",
        "self.filter(id=run_id, attempt=attempt)",
    ),
    Mutant(
        "another worker's lease is renewed",
        RUNS,
        "WHERE worker = %s AND state = %s",
        "WHERE (worker = %s OR worker <> '') AND state = %s",
        ("tests/schedules/test_runs.py::test_another_workers_lease_is_not_renewed",),
    ),
    Mutant(
        "a lease is not renewed",
        RUNS,
        "until = connection.ops.adapt_datetimefield_value(now + lease)",
        "until = connection.ops.adapt_datetimefield_value(now)",
    ),
    Mutant(
        "a heartbeat keeps a lost lease",
        "workers/heartbeat.py",
        "                lease.is_revoked = True\n",
        "                lease.is_revoked = False\n",
        (f"{EXECUTION}::test_a_run_cancelled_in_flight_is_aborted_and_stays_cancelled",),
    ),
    Mutant(
        "a lease that could not be renewed in time counts as held",
        "workers/heartbeat.py",
        "return self.is_revoked or time.monotonic() > self.sure_until",
        "return self.is_revoked",
        (f"{EXECUTION}::test_a_heartbeat_that_cannot_reach_the_database_loses_its_leases_in_time",),
    ),
    Mutant("an attempt is not counted", RUNS, '"attempt": F("attempt") + 1', '"attempt": F("attempt")'),
    Mutant(
        "one attempt more than the most",
        "schedules/retries.py",
        "if attempt >= policy.max_attempts:",
        "if attempt > policy.max_attempts:",
        ("tests/schedules/test_retries.py::test_the_last_attempt_has_no_next",),
    ),
    Mutant(
        "a retry does not wait",
        RUNS,
        '        "not_before": not_before,\n        "redispatch_at"',
        '        "redispatch_at"',
        (
            "tests/schedules/test_runs.py::test_a_retryable_failure_goes_back_to_pending_with_the_next_attempt",
        ),
    ),
    Mutant(
        "a run that has ended is cancelled",
        RUNS,
        "Run.objects.filter(id=run_id, state__in=(RunState.PENDING, RunState.RUNNING)).update(",
        "Run.objects.filter(id=run_id).update(",
    ),
)

RECOVERING: Final = (
    Mutant(
        "recovery does not look at the lease",
        RUN,
        "self.filter(state=RunState.RUNNING, lease_expires_at__lt=now)",
        "self.filter(state=RunState.RUNNING)",
    ),
    Mutant(
        "a run lost on its last attempt comes back",
        RUNS,
        'lost.filter(attempt__lt=F("max_attempts"))',
        "lost",
    ),
    Mutant(
        "a run of a lost worker stays running",
        RECOVERY,
        "    runs.recover_expired(now, BATCH)\n",
        "",
    ),
    Mutant(
        "lost runs are not recovered in one transaction",
        RUNS,
        "@transaction.atomic\ndef recover_expired",
        "def recover_expired",
    ),
    Mutant(
        "a lost message is not sent again",
        RECOVERY,
        "    dispatch.send_now(undelivered)\n",
        "",
    ),
    Mutant(
        "a message is sent again in any state",
        RUN,
        "self.pending().filter(redispatch_at__lte=now)",
        "self.filter(redispatch_at__lte=now)",
    ),
    Mutant(
        "a stale run's message is sent again",
        RUNS,
        "fresh = [run for run in runs if stale[run.id] is None]",
        "fresh = runs",
    ),
    Mutant(
        "the wait for a message does not grow",
        RUNS,
        "run.redispatch_at = now + wait * 2 ** min(run.redispatch_count, MOST_DOUBLINGS)",
        "run.redispatch_at = now + wait",
    ),
    Mutant(
        "a trigger's lost message is never missed",
        RUNS,
        "redispatch_at=not_before + timedelta(seconds=settings.ORQ.redispatch_seconds)",
        "redispatch_at=not_before + timedelta(days=9)",
    ),
    Mutant(
        "messages are sent again while the queue is long",
        RECOVERY,
        "    if room <= 0:\n",
        "    if room is None:\n",
    ),
    Mutant(
        "two beats send the same message again",
        RUNS,
        '.select_for_update(skip_locked=True, of=("self",))\n        .select_related("schedule")',
        '.select_related("schedule")',
        (f"{RACES}::test_recovery_by_many_beats_returns_a_lost_run_once",),
    ),
)

CHANGING: Final = (
    Mutant(
        "a resumed schedule keeps its generation",
        EDITING,
        "    schedule.generation += 1\n",
        "    schedule.generation += schedule.is_active\n",
    ),
    Mutant(
        "a new cadence keeps the generation of an active schedule",
        EDITING,
        "    schedule.generation += 1\n",
        "    schedule.generation += not schedule.is_active\n",
    ),
    Mutant(
        "resuming goes on where the cadence was left",
        EDITING,
        "    schedule.anchor_at = now\n",
        "",
    ),
    Mutant(
        "every edit restarts the cadence",
        EDITING,
        "is_restarted = is_new_cadence or (is_active and not schedule.is_active)",
        "is_restarted = is_active or is_new_cadence",
    ),
    Mutant(
        "a new cadence keeps the counter",
        EDITING,
        "        schedule.trigger_count = 0\n",
        "        schedule.held_until = None\n",
    ),
    Mutant(
        "resuming resets the counter",
        EDITING,
        "    if is_new_cadence:\n        schedule.trigger_count",
        "    if is_restarted:\n        schedule.trigger_count",
    ),
    Mutant(
        "pausing leaves the pending runs",
        EDITING,
        "        runs.discard_pending(schedule.id, DiscardReason.SCHEDULE_INACTIVE, now)\n",
        "        pass\n",
    ),
    Mutant(
        "deleting leaves the pending runs",
        EDITING,
        "    runs.discard_pending(schedule_id, DiscardReason.SCHEDULE_DELETED, now)\n",
        "",
    ),
    Mutant(
        "an edit takes no row lock",
        EDITING,
        '        .select_for_update(of=("self",))\n',
        "",
    ),
    Mutant(
        "an update is not one transaction",
        EDITING,
        "@transaction.atomic\ndef update(",
        "def update(",
    ),
    Mutant(
        "a deletion is not one transaction",
        EDITING,
        "@transaction.atomic\ndef delete(",
        "def delete(",
    ),
    Mutant(
        "an edit by a clock that is behind goes back in time",
        EDITING,
        "return max(now, schedule.updated_at, epochs.last_fired(schedule) or now)",
        "return now",
    ),
    Mutant(
        "a finished once that is given a new cadence stays finished",
        EDITING,
        "    schedule.anchor_at = now\n    schedule.is_finished = False\n",
        "    schedule.anchor_at = now\n",
    ),
)

RECORDING: Final = (
    Mutant(
        "an edit does not end the epoch",
        EPOCHS,
        "CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).update(ended_at=now, ended_by=cause)",
        "CadenceEpoch.objects.filter(schedule=schedule, ended_at=None).delete()",
    ),
    Mutant(
        "what was due at an edit is not recorded",
        EPOCHS,
        "    if schedule.next_fire_at is not None and schedule.next_fire_at <= now:\n",
        "    if schedule.next_fire_at is not None and schedule.next_fire_at < schedule.anchor_at:\n",
    ),
    Mutant(
        "of what was due at an edit all but the newest is recorded",
        EPOCHS,
        "        count=late.skipped_count + 1,\n",
        "        count=late.skipped_count or 1,\n",
    ),
    Mutant(
        "a pause is recorded as a replacement",
        EDITING,
        "EpochEnd.PAUSED if is_paused else EpochEnd.REPLACED",
        "EpochEnd.REPLACED",
    ),
    Mutant(
        "a resumed schedule begins no epoch",
        EDITING,
        "    elif is_restarted:\n",
        "    elif is_new_cadence:\n",
    ),
    Mutant(
        "coalesced fire times are not recorded",
        POSTGRESQL,
        "    WHERE missed_count > 0\n",
        "    WHERE missed_count < 0\n",
    ),
    Mutant(
        "coalesced fire times are not recorded, portably",
        PORTABLE,
        "(_missed(firing, now) for firing in firings if firing.times.missed_count)",
        "(_missed(firing, now) for firing in firings if firing.times.missed_count < 0)",
        (
            f"{BOTH_TWINS}::test_after_an_outage_the_newest_fire_time_gets_the_run_and_the_others_are_recorded",
        ),
    ),
)

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
    ),
    Mutant(
        "a beat waits for a schedule that is being edited",
        POSTGRESQL,
        "FOR NO KEY UPDATE SKIP LOCKED",
        "FOR NO KEY UPDATE",
        (f"{RACES}::test_a_beat_passes_over_a_schedule_that_is_being_edited",),
    ),
    Mutant("a beat takes no row locks", POSTGRESQL, "FOR NO KEY UPDATE SKIP LOCKED\n", ""),
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
        "    dispatch.send_now((firing.run_id, firing.schedule.generation) for firing in in_time)\n",
        "    list(in_time)\n",
    ),
    Mutant(
        "the oldest missed fire time gets the run",
        FIRING,
        "        newest=late.newest,\n",
        "        newest=schedule.next_fire_at,\n",
    ),
    Mutant(
        "the cadence goes on from now",
        FIRING,
        "cadence.next_after(late.newest)",
        "cadence.next_after(now)",
    ),
    Mutant(
        "an interval forgets its anchor",
        FIRING,
        "parse(schedule.type, schedule.expression).anchored_at(schedule.anchor_at)",
        "parse(schedule.type, schedule.expression).anchored_at(now)",
    ),
    Mutant(
        "a once that has fired stays active",
        POSTGRESQL,
        "is_active = fired.following IS NOT NULL,\n    is_finished = fired.following IS NULL,",
        "",
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
    ),
    Mutant(
        "a run that is run again gets the newest payload",
        FIRING,
        "payload = ended.payload if ended else None",
        "payload = None",
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

MUTANTS: Final = (*CLAIMING, *FINISHING, *RECOVERING, *CHANGING, *RECORDING, *FIRES)
