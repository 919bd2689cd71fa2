"""Where the console's pages are."""

from django.urls import reverse

from schedules.models import Run


def run_page(run_id: str) -> str:
    """A run's."""
    return reverse("admin:schedules_run_change", args=(run_id,))


def page_of_run(run: Run) -> str:
    """The same, of a run that is there."""
    return run_page(run.pk)
