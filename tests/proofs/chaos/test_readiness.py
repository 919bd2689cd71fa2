"""The judge of /readyz, on samples that nobody had to wait for."""

from tests.proofs.chaos.readiness import Readiness, Sample
from tests.proofs.chaos.weather import Done

OUTAGE = Done("make_database_read_only", "postgres", 100.0, 110.0)
RED, GREEN = frozenset({"database"}), frozenset[str]()


class Settled(Readiness):
    """Green in the end."""

    def _settles(self) -> bool:
        return True


def judged(*samples: Sample, fault: Done = OUTAGE) -> list[str]:
    readiness = Settled("http://127.0.0.1:1/readyz")
    readiness.samples = list(samples)
    return readiness.problems([fault])


def test_green_while_nothing_can_be_written_is_a_problem() -> None:
    assert judged(Sample(104, 200, GREEN), Sample(106, 200, GREEN)) == [
        "/readyz did not name the database during make_database_read_only"
    ]


def test_red_for_another_part_is_a_problem() -> None:
    broker = frozenset({"broker"})

    assert judged(Sample(104, 503, broker), Sample(106, 503, broker))


def test_red_that_names_the_part_is_none() -> None:
    assert judged(Sample(104, 200, GREEN), Sample(106, 503, RED)) == []


def test_a_web_server_that_was_away_is_not_judged() -> None:
    assert judged(Sample(104, 200, GREEN)) == []


def test_of_a_fault_that_keeps_nobody_from_writing_nothing_is_asked() -> None:
    kill = Done("kill_worker", "worker-1", 100.0, 110.0)

    assert judged(Sample(104, 200, GREEN), Sample(106, 200, GREEN), fault=kill) == []


def test_red_in_the_end_is_a_problem() -> None:
    class Unsettled(Readiness):
        def _settles(self) -> bool:
            return False

    assert Unsettled("http://127.0.0.1:1/readyz").problems([])


def test_a_site_without_it_is_not_asked() -> None:
    assert Readiness(None).problems([OUTAGE]) == []
