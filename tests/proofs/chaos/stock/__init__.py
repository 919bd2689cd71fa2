"""The baseline: what teams run today, plain Celery with django-celery-beat, under the same load and faults.

One `PeriodicTask` per schedule, one plain task that calls the agent and saves a row, `apply_async(countdown=10)` for
"run now", and a web server with the few requests people make. What a careful user sets is set:

* acknowledgement after the work (`acks_late`, `reject_on_worker_lost`), a prefetch of one, automatic retries with
  backoff, and timeouts on the call: the same times as the product's agents have here;
* one beat, restarted when it dies: two stock beats send everything twice, so that one is the fair number;
* two workers with as many threads as the product's, and the visibility timeout as it is (one hour).

Where stock has no such thing, the choice favours it. A crontab has no seconds: `S M …` runs at the minute that
follows, and the whole cadence counts as that much later, so that no start is early and none is owed by the
difference. An attempt is (task id, retries + 1). "Run now" is asked once: a lost answer may have been a message or
not, and asking again could make two of one request. The run ends when nothing has happened for longer than any of
its timers but the visibility timeout.
"""
