"""The database is away, read-only, or another one."""

from typing import Final

from tests.proofs.mutants.catalogue.places import (
    BEAT,
    DATABASES,
    DURABLE,
    EXECUTING,
    OUTAGE,
    OUTAGES,
    POSTGRESQL,
    RECORDING,
    SESSION_ERRORS,
)
from tests.proofs.mutants.mutant import Mutant

_OFFERED: Final = (f"{RECORDING}::test_an_answer_is_offered_until_the_database_takes_it",)
_WAITS: Final = (f"{OUTAGE}::test_the_wait_counts_from_the_first_write_after_the_last_failure",)
_LAPSED: Final = (f"{OUTAGE}::test_a_lapsed_lease_outlives_an_outage",)
_READ_ONLY: Final = (
    f"{POSTGRESQL}::test_a_session_that_can_write_no_more_is_thrown_away_and_the_error_may_be_waited_out",
)

OUTAGES_OF_THE_DATABASE: Final = (
    Mutant(
        "an answer is given up when the database refuses it",
        EXECUTING,
        '        except Error as error:\n            log.warning("run.finish_delayed"',
        '        except DataError as error:\n            log.warning("run.finish_delayed"',
        _OFFERED,
    ),
    Mutant(
        "a beat that has just started takes leases back",
        OUTAGES,
        "            self._writing_since = time.monotonic()\n",
        "            self._writing_since = time.monotonic() - GRACE_SECONDS\n",
        _WAITS,
    ),
    Mutant(
        "the wait after an outage begins while nothing can be written",
        OUTAGES,
        "            leases.require_writable()\n            self._writing_since = time.monotonic()\n",
        "            self._writing_since = time.monotonic()\n            leases.require_writable()\n",
        _WAITS,
    ),
    Mutant(
        "leases are taken back at once after an outage",
        BEAT,
        "takes_back=self._outage.is_over()",
        "takes_back=True",
        _LAPSED,
    ),
    Mutant(
        "a beat does not notice a database that is away",
        BEAT,
        '            log.warning("beat.database_unreachable", error=type(error).__name__)\n'
        "            self._outage.has_begun()\n",
        '            log.warning("beat.database_unreachable", error=type(error).__name__)\n',
        _LAPSED,
    ),
    Mutant(
        "a session that is read-only is kept",
        SESSION_ERRORS,
        "    errors.ReadOnlySqlTransaction,\n",
        "",
        _READ_ONLY,
    ),
    Mutant(
        "a session is opened on a server that takes no writes",
        DATABASES,
        '"read-write"',
        '"any"',
        _READ_ONLY,
    ),
    Mutant(
        "commits wait for the disk only where the server says so",
        DURABLE,
        "CASE setting WHEN 'off' THEN 'on' ELSE setting END",
        "setting",
        (f"{POSTGRESQL}::test_commits_wait_for_the_disk_whatever_the_server_is_set_to",),
    ),
)
