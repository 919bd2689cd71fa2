"""Alerts: what is signalled, what becomes an incident, what absorbs what, and who is told when."""

from typing import Final

from tests.proofs.mutants.mutant import Mutant

SIGNALS: Final = "schedules/migrations/initial/signal_triggers.py"
BOOK: Final = "schedules/alerts/book.py"
HEALTH: Final = "schedules/alerts/health.py"
FAILURES: Final = "schedules/alerts/failures.py"
JUDGES: Final = "schedules/alerts/judging.py"
LATE: Final = "schedules/alerts/lateness.py"
OUTAGES: Final = "schedules/alerts/outages.py"
PAUSES: Final = "schedules/alerts/pausing.py"
TELLS: Final = "schedules/alerts/telling.py"
WAITS: Final = "schedules/alerts/waiting.py"
WATCHES: Final = "schedules/alerts/watching.py"

JUDGING: Final = "tests/schedules/alerts/test_judging.py"
LATENESS: Final = "tests/schedules/alerts/test_lateness.py"
RACES: Final = "tests/races/test_alert_races.py"
TELLING: Final = "tests/schedules/alerts/test_telling.py"
WATCHING: Final = "tests/schedules/alerts/test_watching.py"

ALERTING: Final = (
    Mutant(
        "alerts: what a person tried out counts",
        SIGNALS,
        "    IF (NEW.state = 'failed' AND occasion IN ('cadence', 'late'))\n",
        "    IF (NEW.state = 'failed')\n",
        (f"{JUDGING}::test_what_a_person_tries_out_leaves_no_signal",),
    ),
    Mutant(
        "alerts: a success of a failing schedule is not signalled",
        SIGNALS,
        " AS health WHERE health.schedule_id = NEW.schedule_id)",
        " AS health WHERE health.schedule_id = '')",
        (f"{JUDGING}::test_a_success_closes_it_and_leaves_nothing_behind_but_the_failures_of_the_day",),
    ),
    Mutant(
        "alerts: a success right after a failure is not signalled",
        SIGNALS,
        " AS signal WHERE signal.schedule_id = NEW.schedule_id)",
        " AS signal WHERE signal.schedule_id = '')",
        (f"{JUDGING}::test_a_failure_that_was_mended_before_anybody_looked_is_on_record_and_over",),
    ),
    Mutant(
        "alerts: the first success of an agent that was down is not signalled",
        SIGNALS,
        "AND incident.rule = 'agent.outage' AND incident.closed_at IS NULL)",
        "AND incident.rule = 'nothing' AND incident.closed_at IS NULL)",
        (f"{JUDGING}::test_the_first_success_of_the_agent_ends_its_outage",),
    ),
    Mutant(
        "alerts: what a person stopped is signalled as missed",
        SIGNALS,
        "    WHEN (NEW.reason = 'coalesced') EXECUTE",
        "    EXECUTE",
        (f"{LATENESS}::test_what_a_person_stopped_opens_nothing",),
    ),
    Mutant(
        "alerts: a run now closes what failed in the cadence",
        JUDGES,
        '        if signal.trigger == "manual":\n            return\n',
        "",
        (f"{JUDGING}::test_a_success_that_a_person_asked_for_anew_closes_it_and_a_run_now_does_not",),
    ),
    Mutant(
        "alerts: who always fails is flapping, too",
        FAILURES,
        "            and row.failure_count < count\n",
        "            and self._book is not None\n",
        (f"{JUDGING}::test_a_job_that_always_fails_does_not_flap_while_patience_is_asked_for",),
    ),
    Mutant(
        "alerts: an outage leaves its schedules' incidents alone",
        JUDGES,
        "            self._book.absorb_open(rules.FAILING, outage.agent_id, outage.code, incident)\n",
        "",
        (f"{JUDGING}::test_an_agent_that_is_down_is_one_incident_however_many_schedules_it_has",),
    ),
    Mutant(
        "alerts: during an outage each failing schedule has its incident",
        FAILURES,
        "        if outage is not None and outage.signature == signal.code:\n",
        "        if outage is None and signal.code == '':\n",
        (f"{JUDGING}::test_an_agent_that_is_down_is_one_incident_however_many_schedules_it_has",),
    ),
    Mutant(
        "alerts: an agent is down although others of its runs succeed",
        OUTAGES,
        "max(since, _last_success(workspace_id, agent_id, since) or since)",
        "since",
        (f"{JUDGING}::test_many_failing_schedules_of_an_agent_that_works_for_others_are_no_outage",),
    ),
    Mutant(
        "alerts: another cause is nobody's news",
        BOOK,
        "        if incident.signature != signature:\n            _change(incident, signature, self.now)\n",
        "",
        (f"{JUDGING}::test_another_cause_of_the_outage_is_told_at_once_and_wakes_who_had_acknowledged_it",),
    ),
    Mutant(
        "alerts: whoever acknowledged one cause is not woken by another",
        BOOK,
        "    incident.acknowledged_at = None\n",
        "",
        (f"{JUDGING}::test_another_cause_of_the_outage_is_told_at_once_and_wakes_who_had_acknowledged_it",),
    ),
    Mutant(
        "alerts: a message leaves at once",
        BOOK,
        "PATIENCE: Final = timedelta(seconds=60)",
        "PATIENCE: Final = timedelta(seconds=0)",
        (f"{TELLING}::test_a_message_leaves_a_minute_after_the_opening_once",),
    ),
    Mutant(
        "alerts: a beat that was away for a moment is told",
        BOOK,
        "        elif rule in _PASSING:\n",
        "        elif rule in ():\n",
        (f"{WATCHING}::test_a_short_absence_is_nobodys_concern",),
    ),
    Mutant(
        "alerts: a time-out of the provider pauses a schedule",
        HEALTH,
        "400 <= http_status < 500",
        "400 <= http_status",
        (f"{JUDGING}::test_a_schedule_that_fails_hopelessly_is_paused_where_the_rule_is_on",),
    ),
    Mutant(
        "alerts: a resumed schedule is paused at its next failure",
        PAUSES,
        "            ScheduleHealth.objects.filter(schedule_id=schedule_id).update(hopeless_count=0)\n",
        "",
        (
            f"{JUDGING}::test_resuming_ends_the_incident_of_the_pause_and_the_next_failure_does_not_pause_again",
        ),
    ),
    Mutant(
        "alerts: what a standstill missed is told once more by each schedule",
        LATE,
        "        if standstill is not None:\n",
        "        if standstill is None and signal.count < 0:\n",
        (f"{LATENESS}::test_what_a_standstill_of_the_service_delayed_or_missed_belongs_to_that",),
    ),
    Mutant(
        "alerts: a run in time before the missed ones ends their incident",
        LATE,
        'if missed is not None and signal.due_at > read_instant(missed.facts["last_fire_time"]):',
        "if missed is not None:",
        (f"{LATENESS}::test_a_run_that_was_due_before_the_missed_ones_does_not_end_their_incident",),
    ),
    Mutant(
        "alerts: a run that waits for a slot is late",
        WAITS,
        "    late = [each for each in waiting if not (each.run_id and each.agent_id in crowded)]\n",
        "    late = waiting\n",
        (f"{LATENESS}::test_runs_that_wait_for_a_slot_are_one_incident_of_their_agent_and_none_is_late",),
    ),
    Mutant(
        "alerts: without a beat each due schedule is late by itself",
        WAITS,
        "    if any(book.find(rule, str(each.workspace_id)) for rule in STANDSTILLS):\n        return False\n",
        "",
        (f"{LATENESS}::test_no_beat_is_told_by_others_with_what_is_due_and_nothing_of_it_is_late_by_itself",),
    ),
    Mutant(
        "alerts: an incident of a deleted schedule stays open",
        WATCHES,
        "        if runs is None or incident",
        "        if runs is not None and incident",
        (f"{WATCHING}::test_what_is_about_a_deleted_schedule_is_over",),
    ),
    Mutant(
        "alerts: an acknowledged incident is told of each day",
        TELLS,
        "    is_quiet = not incident.is_open or incident.acknowledged_at is not None\n",
        "    is_quiet = not incident.is_open\n",
        (f"{TELLING}::test_acknowledged_before_the_first_message_there_is_no_reminder_either",),
    ),
    Mutant(
        "alerts: twenty-five messages leave at once",
        TELLS,
        "    if len(due) + recent <= MOST_A_MINUTE:\n",
        "    if len(due) + recent <= 1000:\n",
        (f"{TELLING}::test_more_than_twenty_in_a_minute_are_one_digest_and_no_second_one_that_minute",),
    ),
    Mutant(
        "alerts: a second digest follows in the same minute",
        "schedules/alerts/digests.py",
        "    if not is_new and now - _MINUTE < digest.sent_at <= now:\n        return False\n",
        "",
        (f"{TELLING}::test_more_than_twenty_in_a_minute_are_one_digest_and_no_second_one_that_minute",),
    ),
    Mutant(
        "alerts: two processes judge the same signals",
        JUDGES,
        "        if not alone():\n            return 0, []\n",
        "",
        (f"{RACES}::test_processes_that_judge_at_once_open_each_incident_once",),
    ),
    Mutant(
        "alerts: two processes tell the same incident",
        TELLS,
        "    if not alone():\n        return 0\n",
        "",
        (f"{RACES}::test_processes_that_tell_at_once_tell_each_incident_once",),
    ),
)
