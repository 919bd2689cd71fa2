"""What `celery -A orqsite beat` runs: the service's scheduler, after the look at what must be right before it begins.

Celery's own signal of a beat's start comes when the scheduler has already read the database.
"""

from typing import Any

from orqsite import starting
from workers import registration
from workers.alerting import Alerting
from workers.beat import ScheduleBeat
from workers.counting import LOOK_SECONDS, Counting, fold_and_count, work_out_the_week
from workers.delivering import sender


class Scheduler(ScheduleBeat):
    """ScheduleBeat of a process that may begin."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        starting.begin()
        super().__init__(*args, **kwargs)
        registration.register_beat()
        Alerting(is_beat=True).start()
        sender.begin()
        Counting(fold_and_count).start()
        Counting(work_out_the_week, LOOK_SECONDS).start()
