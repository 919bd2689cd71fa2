"""The web of the stock site: the requests people make, in the product's words, for the same people."""

import json
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST
from django_celery_beat.models import PeriodicTask

from tests.proofs.chaos.stock.cadences import Passed, cadence_fields, task_fields
from tests.proofs.chaos.stock.tasks import call_agent

TRIGGER_SECONDS = 10


@require_POST
def create(request: HttpRequest, agent: str) -> HttpResponse:
    """Make a schedule, or find the one that an earlier try of the same request made."""
    body = json.loads(request.body)
    subject = body["payload"]["input"]
    task = PeriodicTask.objects.filter(name=subject).first()
    if task is None:
        try:
            task = _create(agent, subject, body["type"], body["expression"])
        except Passed:
            return JsonResponse({"error": {"code": "invalid_expression"}}, status=400)
    return JsonResponse({"_id": task.pk}, status=201)


@require_http_methods(["PATCH", "DELETE"])
def change(request: HttpRequest, agent: str, schedule: int) -> HttpResponse:
    """Change a schedule, or delete it."""
    task = PeriodicTask.objects.filter(pk=schedule).first()
    if task is None:
        return HttpResponse(status=404)
    if request.method == "DELETE":
        task.delete()
        return HttpResponse(status=204)
    try:
        _change(task, json.loads(request.body))
    except Passed:
        return JsonResponse({"error": {"code": "invalid_expression"}}, status=400)
    return JsonResponse({"_id": task.pk})


@require_POST
def trigger(request: HttpRequest, agent: str, schedule: int) -> HttpResponse:
    """Run it now."""
    task = PeriodicTask.objects.filter(pk=schedule).first()
    if task is None:
        return HttpResponse(status=404)
    if not task.enabled:
        return JsonResponse({"error": {"code": "schedule_inactive"}}, status=400)
    call_agent.apply_async(kwargs=json.loads(task.kwargs), countdown=TRIGGER_SECONDS)
    return JsonResponse({"status": "triggered", "schedule_id": task.pk}, status=202)


@transaction.atomic
def _create(agent: str, subject: str, type_: str, expression: str) -> PeriodicTask:
    cadence = cadence_fields(type_, expression, datetime.now(UTC))
    return PeriodicTask.objects.create(
        **task_fields(agent, subject), **cadence, description=f"{type_} {expression}"
    )


@transaction.atomic
def _change(task: PeriodicTask, changes: dict[str, Any]) -> None:
    """A new cadence, or an end or a beginning of the old one, or other words for the agent."""
    if "expression" in changes:
        task.description = f"{changes['type']} {changes['expression']}"
        task.total_run_count = 0
    if "payload" in changes:
        task.kwargs = json.dumps({**json.loads(task.kwargs), **changes["payload"]["metadata"]})
    task.enabled = bool(changes.get("is_active", task.enabled))
    if changes.keys() & {"expression", "is_active"}:
        type_, _, expression = task.description.partition(" ")
        for name, value in cadence_fields(type_, expression, datetime.now(UTC)).items():
            setattr(task, name, value)
    task.save()
