"""The times of day a cron expression matches: every combination of its hours, minutes and seconds."""

from dataclasses import dataclass

from schedules.expressions.fields import Field, highest_through, lowest_from

Time = tuple[int, int, int]
"""Hour, minute, second."""


@dataclass(frozen=True, slots=True)
class ClockTimes:
    """The same times on every day."""

    hour: Field
    minute: Field
    second: Field

    @property
    def first(self) -> Time:
        """The earliest of the day."""
        return self.hour.lowest, self.minute.lowest, self.second.lowest

    @property
    def last(self) -> Time:
        """The latest of the day."""
        return self.hour.highest, self.minute.highest, self.second.highest

    @property
    def count(self) -> int:
        """How many there are."""
        return self.hour.count * self.minute.count * self.second.count

    @property
    def microseconds(self) -> list[int]:
        """All of them, ascending, in microseconds after midnight."""
        minutes, seconds = self.minute.values, self.second.values
        return [
            ((hour * 60 + minute) * 60 + second) * 1_000_000
            for hour in self.hour.values
            for minute in minutes
            for second in seconds
        ]

    def first_from(self, hour: int, minute: int, second: int) -> Time | None:
        """The first at or after the given one; `second` may be one too far."""
        if hour in self.hour:
            if minute in self.minute and (found := lowest_from(self.second.bits, second)) is not None:
                return hour, minute, found
            if (found := lowest_from(self.minute.bits, minute + 1)) is not None:
                return hour, found, self.second.lowest
        if (found := lowest_from(self.hour.bits, hour + 1)) is not None:
            return found, self.minute.lowest, self.second.lowest
        return None

    def last_through(self, hour: int, minute: int, second: int) -> Time | None:
        """The last at or before the given one; `second` may be one too early."""
        if hour in self.hour:
            if minute in self.minute and (found := highest_through(self.second.bits, second)) is not None:
                return hour, minute, found
            if (found := highest_through(self.minute.bits, minute - 1)) is not None:
                return hour, found, self.second.highest
        if (found := highest_through(self.hour.bits, hour - 1)) is not None:
            return found, self.minute.highest, self.second.highest
        return None

    def count_through(self, hour: int, minute: int, second: int) -> int:
        """How many lie at or before the given one."""
        count = _below(self.hour, hour) * self.minute.count * self.second.count
        if hour in self.hour:
            count += _below(self.minute, minute) * self.second.count
            if minute in self.minute:
                count += _below(self.second, second + 1)
        return count


def _below(field: Field, value: int) -> int:
    return (field.bits & ((1 << value) - 1)).bit_count()
