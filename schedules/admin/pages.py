"""Where the console's pages are."""

from django.urls import reverse


def run_page(run_id: str) -> str:
    """A run's."""
    return reverse("admin:schedules_run_change", args=(run_id,))


def schedule_page(schedule_id: str) -> str:
    """A schedule's."""
    return reverse("admin:schedules_schedule_change", args=(schedule_id,))
