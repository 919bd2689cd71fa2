"""A run's life, from its claim to its last state. Every change is one guarded UPDATE; "0 rows" is a named outcome.

    pending → running → succeeded | failed | cancelled
    pending → discarded | cancelled
    running → pending (a retry or an expired lease: attempt + 1, a later not_before)

The table of these transitions stands beside the states in models/run.py, and `transitions.move` consults it.
(run id, attempt) is the fencing token: whoever does not hold it changes nothing.
Lock order everywhere: the schedule, then its next fire, then its runs; a beat waits for no schedule.
"""
