"""All pages: they render, show no secret, run nobody's script and fetch nothing from elsewhere."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from schedules import access, agents, api_keys
from schedules.database.clock import database_now
from schedules.models import (
    ApiKey,
    AuditResult,
    JournalEntry,
    MissedFiring,
    Role,
    Run,
    RunState,
    Schedule,
    Scope,
    TriggerKind,
    Workspace,
)
from tests.console.browser import addresses_of, text_of
from tests.console.conftest import MakePerson
from tests.factories import make_agent, make_run, make_schedule, make_workspace

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(4711)</script>"
SECRET = "s3cr3t-of-a-variable"
CREDENTIAL = "Bearer s3cr3t-of-an-agent"


@pytest.fixture
def pages(operator: Client) -> list[str]:
    """Every page of a service in which people wrote script and secrets wherever they could."""
    now = database_now()
    workspace = make_workspace(f"W {SCRIPT}")
    agent = make_agent(workspace, tags=(SCRIPT,), runtime="responses", base_url="https://agents.example.com")
    type(agent).objects.update(key=f"k{SCRIPT}", path=f"/{SCRIPT}")
    agents.set_credential(agent, CREDENTIAL)
    payload = {
        "input": SCRIPT,
        "metadata": {SCRIPT: SCRIPT},
        "variables": {"token": {"secret": True, "value": SECRET}, SCRIPT: "x"},
    }
    schedule = make_schedule(agent, now, display_name=SCRIPT, agent_tag=SCRIPT, payload=payload)
    nameless = make_schedule(agent, now, payload=payload)
    Schedule.objects.filter(id=nameless.id).update(
        expression=SCRIPT, created_by_id=SCRIPT, updated_by_id=SCRIPT
    )
    answers = dict.fromkeys(
        ("reason", "worker", "error_message", "error_code", "output_text", "response_id"), SCRIPT
    )
    run = make_run(
        schedule,
        trigger=TriggerKind.CADENCE,
        fire_time=now,
        state=RunState.RUNNING,
        lease_expires_at=now + timedelta(minutes=1),
        started_at=now,
        payload=schedule.payload,
        output=[{SCRIPT: SCRIPT}],
        usage={SCRIPT: SCRIPT},
        agent_tag=SCRIPT,
        trace_id=SCRIPT,
        **answers,
    )
    make_run(nameless, **answers)
    missed = MissedFiring.objects.create(
        schedule=schedule, generation=1, first_fire_time=now, last_fire_time=now, count=2, reason="coalesced"
    )
    audit = AuditResult.objects.create(
        audited_at=now,
        since=now,
        is_whole=True,
        settled_until=now,
        expected_count=2,
        accounted_count=1,
        finding_count=1,
        findings=[SCRIPT],
        duration=timedelta(seconds=1),
    )
    key = api_keys.issue(workspace, scope=Scope.READ, name=SCRIPT).key
    crontab = CrontabSchedule.objects.create(minute="17")
    IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="prune", task="workers.tasks.prune_history", crontab=crontab)
    user = User.objects.get()
    member = access.give(user, workspace, Role.VIEWER, signature=SCRIPT)
    line = JournalEntry.objects.get(object_id=schedule.pk)
    rows = [schedule, nameless, run, missed, audit, agent, key, workspace, member, task, crontab, user, line]
    addresses = [reverse("admin:index"), reverse("admin:password_change")]
    for row in rows:
        base = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        addresses += [reverse(f"{base}_changelist"), reverse(f"{base}_change", args=(row.pk,))]
        addresses += [reverse(f"{base}_history", args=(row.pk,))]
        if row not in (run, missed, audit, line):
            addresses.append(reverse(f"{base}_add"))
    addresses += [
        reverse("admin:schedules_schedule_delete", args=(schedule.pk,)),
        reverse("admin:schedules_agent_delete", args=(agent.pk,)),
        reverse("admin:schedules_workspace_delete", args=(workspace.pk,)),
        f"{reverse('admin:schedules_run_changelist')}?reason={SCRIPT}&schedule={SCRIPT}&q={SCRIPT}",
        f"{reverse('admin:schedules_schedule_changelist')}?agent={SCRIPT}&deleted=all",
        f"{reverse('admin:schedules_missedfiring_changelist')}?schedule={SCRIPT}",
        f"{reverse('admin:schedules_journalentry_changelist')}?q={SCRIPT}",
    ]
    return sorted(set(addresses))


def test_every_page_is_escaped_and_without_secrets_and_fetches_nothing_from_elsewhere(
    operator: Client, pages: list[str]
) -> None:
    sealed = str(Schedule.objects.values_list("payload", flat=True)[0])
    token = sealed.split("'sealed': '")[1].split("'")[0]
    digest = ApiKey.objects.get().secret_sha256

    for page in pages:
        response = operator.get(page)

        assert response.status_code == 200, page
        shown = text_of(response)
        for hidden in (SCRIPT, SECRET, CREDENTIAL, "s3cr3t", token, "gAAAA", digest):
            assert hidden not in shown, page
        assert all(address.startswith(("/static/", "/console/")) for address in addresses_of(response)), page


def test_every_page_can_be_seen_escaped_and_without_secrets_by_who_may_only_look(
    pages: list[str], person: MakePerson
) -> None:
    viewer = person(Role.VIEWER, Workspace.objects.get(), username="viewer")
    seen = 0

    for page in pages:
        response = viewer.get(page)
        if response.status_code == 200:
            seen += 1
            shown = text_of(response)
            assert not [hidden for hidden in (SCRIPT, "s3cr3t", "gAAAA") if hidden in shown], page
    assert seen > 15


def test_messages_and_refused_forms_are_escaped(operator: Client, pages: list[str]) -> None:
    schedule = Schedule.objects.get(display_name=SCRIPT)
    address = reverse("admin:schedules_schedule_change", args=(schedule.pk,))

    refused = operator.post(
        address, {"type": SCRIPT, "expression": SCRIPT, "payload": SCRIPT, "agent_tag": SCRIPT}
    )
    Run.objects.all().delete()
    deleted = operator.post(
        reverse("admin:schedules_schedule_delete", args=(schedule.pk,)), {"post": "yes"}, follow=True
    )

    assert refused.status_code == 200
    assert SCRIPT not in text_of(refused)
    assert "deleted successfully" in text_of(deleted)
    assert SCRIPT not in text_of(deleted)


def test_the_login_fetches_nothing_from_elsewhere(client: Client) -> None:
    addresses = addresses_of(client.get(reverse("admin:login")))

    assert "/static/console/console.css" in addresses
    assert all(address.startswith("/static/") for address in addresses)


def test_own_static_files_are_there(client: Client) -> None:
    for name in ("console.css", "icon.svg"):
        assert client.get(f"/static/console/{name}").status_code == 200


def test_the_sidebar_is_grouped_and_names_things_as_we_do(operator: Client) -> None:
    shown = text_of(operator.get(reverse("admin:index")))

    order = [
        shown.index(f"<span>{name}</span>")
        for name in ("Schedules", "Runs", "Missed firings", "Ledger audits", "Journal", "Agents")
    ]
    assert order == sorted(order)
    for name in ("API keys", "Members", "Workspaces", "Users", "Groups", "Housekeeping tasks"):
        assert f"<span>{name}</span>" in shown
