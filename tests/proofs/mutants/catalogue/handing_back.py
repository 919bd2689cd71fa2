"""A worker that is asked to end hands its runs back."""

from typing import Final

from tests.proofs.mutants.catalogue.places import CLAIM, CLAIM_POSTGRESQL, EXECUTING, FINISH
from tests.proofs.mutants.mutant import Mutant

HANDS_BACK: Final = "schedules/runs/handing_back.py"
RESPONSES: Final = "workers/runtimes/responses.py"
A2A: Final = "workers/runtimes/a2a.py"
STOPPING: Final = "workers/stopping.py"
RUNS: Final = "tests/schedules/runs/test_handing_back.py"
WORKER: Final = "tests/workers/test_stopping.py"
POLLING: Final = "tests/workers/runtimes/test_responses_polling.py"
STREAMS: Final = "tests/workers/runtimes/test_responses_streams.py"
TASKS: Final = "tests/workers/runtimes/test_a2a.py"
ITS_WORK: Final = f"{RUNS}::test_the_next_attempt_has_the_key_and_the_work_of_the_one_before"
OTHERS_WORK: Final = f"{RUNS}::test_the_work_of_an_attempt_that_failed_or_was_lost_is_not_asked_for"

HANDING_BACK: Final = (
    Mutant(
        "handing back spends an attempt",
        HANDS_BACK,
        ', max_attempts=F("max_attempts") + 1, **facts)',
        ", **facts)",
        (f"{RUNS}::test_it_waits_for_nobody_and_spends_no_attempt",),
    ),
    Mutant(
        "whoever lost a run hands it back all the same",
        HANDS_BACK,
        "Run.objects.owned(claimed.run_id, claimed.attempt)",
        "Run.objects.filter(id=claimed.run_id)",
        (f"{RUNS}::test_whoever_no_longer_owns_a_run_hands_nothing_back",),
    ),
    Mutant(
        "the claim forgets which attempts were handed back",
        CLAIM_POSTGRESQL,
        "agent.max_attempts + seen.stopped_count",
        "agent.max_attempts",
        (ITS_WORK,),
    ),
    Mutant(
        "the claim forgets which attempts were handed back, portably",
        CLAIM,
        "schedule.agent.max_attempts + stopped_count",
        "schedule.agent.max_attempts",
        (ITS_WORK,),
        "sqlite",
    ),
    Mutant(
        "the work of a failed attempt is asked for",
        CLAIM_POSTGRESQL,
        "CASE WHEN error_code = 'worker_stopped' THEN response_id ELSE '' END",
        "response_id",
        (OTHERS_WORK,),
    ),
    Mutant(
        "the work of a failed attempt is asked for, portably",
        CLAIM,
        'run.response_id if run.error_code == WORKER_STOPPED else ""',
        "run.response_id",
        (OTHERS_WORK,),
        "sqlite",
    ),
    Mutant(
        "attempts that were handed back count as failures",
        FINISH,
        "failed_count = claimed.attempt - claimed.stopped_count",
        "failed_count = claimed.attempt",
        (f"{RUNS}::test_a_run_is_handed_back_as_often_as_it_takes_and_then_fails_as_often_as_it_may",),
    ),
    Mutant(
        "a call goes on until its worker is killed",
        EXECUTING,
        "lambda: is_lost() or stop.is_due())",
        "is_lost)",
        (f"{WORKER}::test_a_call_that_does_not_is_handed_back_and_made_again_under_its_key",),
    ),
    Mutant(
        "a call begins when they are handed back",
        EXECUTING,
        "    if stop.is_due():\n",
        "    if not run_id:\n",
        (f"{WORKER}::test_no_call_begins_once_they_are_handed_back",),
    ),
    Mutant(
        "calls are aborted at once",
        STOPPING,
        "max(0.0, stop_seconds - HAND_BACK_SECONDS)",
        "0.0",
        (f"{WORKER}::test_a_call_that_ends_in_time_is_not_disturbed",),
    ),
    Mutant(
        "work in the background is begun again",
        EXECUTING,
        "        response_id=claimed.response_id,\n",
        "",
        (f"{WORKER}::test_work_in_the_background_is_asked_for_and_not_begun_again",),
    ),
    Mutant(
        "work that ends with its connection is handed over",
        RESPONSES,
        "self._goes_on = line.endpoint.background",
        "self._goes_on = True",
        (f"{STREAMS}::test_an_aborted_stream_names_its_work_only_where_that_goes_on_without_it",),
    ),
    Mutant(
        "work that the agent has forgotten fails the run",
        RESPONSES,
        "        except NotFound:\n            self._id = None\n            return None\n",
        "        except NotFound:\n            raise\n",
        (f"{POLLING}::test_work_that_was_handed_over_and_is_unknown_is_begun_anew",),
    ),
    Mutant(
        "a task that is handed over is cancelled",
        A2A,
        "if not (isinstance(failure, CallAborted) and self.line.call.is_handed_over()):",
        "if failure:",
        (f"{TASKS}::test_a_task_that_is_handed_over_goes_on_and_is_asked_for",),
    ),
)
