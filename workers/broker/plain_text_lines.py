"""Celery prints its banners, and what it does at a signal, as text between the lines of a log that is JSON.

The banners go with the option that Celery has for it, whatever the command line says. What a worker says at a
signal, it writes past all logging, since a handler of signals must not wait for a lock; that becomes a line as well.
"""

from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.apps import worker


class QuietCelery(Celery):
    """A Celery application whose worker and beat print no banner while `is_quiet` says so."""

    is_quiet: Callable[[], bool] = staticmethod(lambda: False)

    @property
    def Worker(self) -> Any:  # noqa: N802 - Celery's name
        """What the command `worker` makes."""
        return self._quietly(super().Worker)

    @property
    def Beat(self) -> Any:  # noqa: N802
        """What the command `beat` makes."""
        return self._quietly(super().Beat)

    def _quietly(self, program: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **options: Any) -> Any:
            return program(*args, **(options | {"quiet": True} if self.is_quiet() else options))

        return made


def say_lines(write: Callable[[str], None]) -> None:
    """From now on what a worker says at a signal is given to `write`, which must wait for nobody."""
    worker.safe_say = lambda words, *_: write(str(words))  # type: ignore[attr-defined]  # unknown to its stubs
