"""What a process knows of a workspace: exact by its own acts, counted anew when that is old, and never often."""

from uuid import uuid4

from schedules.limits.counts import FAR_SECONDS, FULL_SECONDS, NEAR_SECONDS, Counts

ID = uuid4()


class Database:
    """What there is, how often it was counted, and what time it is."""

    def __init__(self, *used: int) -> None:
        self.used, self.asked, self.now = list(used), 0, 0.0
        self.counts = Counts(self._count, clock=lambda: self.now)

    def _count(self, _: object) -> list[int]:
        self.asked += 1
        return self.used

    def take(self, *added: int, quotas: tuple[int, ...]) -> bool:
        return self.counts.take(ID, added, quotas)


def test_it_is_counted_once_and_its_own_acts_are_added() -> None:
    database = Database(0)

    assert [database.take(1, quotas=(3,)) for _ in range(5)] == [True, True, True, False, False]
    assert database.asked == 1


def test_a_refusal_lasts_a_second_and_then_counts_again() -> None:
    database = Database(3)
    assert not database.take(1, quotas=(3,))
    database.used = [2]

    assert not database.take(1, quotas=(3,))
    database.now += FULL_SECONDS

    assert database.take(1, quotas=(3,))


def test_far_from_the_quota_a_count_is_believed_for_longer_than_near() -> None:
    for used, seconds in ((10, FAR_SECONDS), (60, NEAR_SECONDS)):
        database = Database(used)
        database.take(1, quotas=(100,))
        database.now = seconds - 0.1
        database.take(1, quotas=(100,))
        assert database.asked == 1
        database.now = seconds

        database.take(1, quotas=(100,))

        assert database.asked == 2


def test_each_amount_has_its_quota_and_zero_is_none() -> None:
    database = Database(5, 900)

    assert database.take(1, 100, quotas=(0, 1000))
    assert not database.take(0, 1, quotas=(0, 1000))
    assert database.take(0, 1, quotas=(6, 0))


def test_who_adds_nothing_to_what_is_used_up_is_not_refused() -> None:
    database = Database(100, 10)

    assert database.take(0, 5, quotas=(50, 1000))
    assert not database.take(1, 5, quotas=(50, 1000))


def test_what_is_forgotten_is_counted_anew() -> None:
    database = Database(3)
    assert not database.take(1, quotas=(3,))
    database.used = [2]

    database.counts.forget(ID)

    assert database.take(1, quotas=(3,))
