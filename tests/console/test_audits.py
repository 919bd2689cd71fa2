"""Audits of the ledger: the front page says how it stands, the list and its pages say more."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.models import AuditResult, Role
from tests.console.browser import island_of, text_of
from tests.console.conftest import MakePerson

pytestmark = pytest.mark.django_db

FRONT = reverse("admin:index")
LIST = reverse("admin:schedules_auditresult_changelist")
HOUR = timedelta(hours=1)


def make_audit(hours_ago: float, **fields: Any) -> AuditResult:
    """A clean one of all history, unless told otherwise."""
    at = database_now() - hours_ago * HOUR - timedelta(seconds=10)
    defaults: dict[str, Any] = {
        "audited_at": at,
        "since": at - 30 * 24 * HOUR,
        "is_whole": True,
        "settled_until": at,
        "expected_count": 1200,
        "accounted_count": 1200,
        "finding_count": 0,
        "duration": timedelta(seconds=2.5),
    }
    return AuditResult.objects.create(**defaults | fields)


def page_of(audit: AuditResult) -> str:
    return reverse("admin:schedules_auditresult_change", args=(audit.pk,))


def front_page_state(client: Client) -> tuple[str, str, str]:
    """What the front page says of the ledger: kind, words, link."""
    response = client.get(FRONT)
    [tile] = [tile for tile in island_of(response, "health")["tiles"] if tile.name == "Ledger"]
    assert tile.words in text_of(response)
    assert f'href="{tile.href}"' in text_of(response)
    return tile.kind, f"{tile.words} {tile.detail}", tile.href


def test_a_service_that_was_never_audited_says_so(operator: Client) -> None:
    assert front_page_state(operator)[:2] == (
        "warning",
        "not audited yet a housekeeping task audits it every hour",
    )


def test_a_clean_ledger_says_how_many_and_when(operator: Client) -> None:
    make_audit(5)
    whole = "1,200 of 1,200 instants accounted for, 5 h ago"
    assert front_page_state(operator) == ("success", whole, LIST)

    make_audit(1, is_whole=False, expected_count=7, accounted_count=7)

    assert front_page_state(operator) == ("success", f"{whole}; the latest 7 of 7, 1 h ago", LIST)


def test_findings_are_said_until_an_audit_of_all_history_has_none(operator: Client) -> None:
    make_audit(30)
    unclean = make_audit(5, accounted_count=1199, finding_count=1)
    make_audit(1, is_whole=False)

    words = "1 finding 1,199 of 1,200 instants accounted for, 5 h ago"
    assert front_page_state(operator) == ("error", words, page_of(unclean))

    make_audit(0)

    assert front_page_state(operator)[0] == "success"


def test_an_old_audit_is_no_good_news(operator: Client) -> None:
    make_audit(49)

    assert front_page_state(operator)[:2] == (
        "warning",
        "1,200 of 1,200 instants accounted for, 2 d 1 h ago, and not audited since",
    )


def test_who_may_not_see_audits_is_told_nothing_of_them(person: MakePerson) -> None:
    make_audit(1)

    assert "Ledger" not in text_of(person(Role.ADMINISTRATOR).get(FRONT))
    assert front_page_state(person("*", username="auditor"))[0] == "success"


def test_an_audit_shows_its_findings_and_how_many_are_left_out(operator: Client) -> None:
    unclean = make_audit(1, accounted_count=1180, finding_count=20, findings=["gap: schedule X", "extra: Y"])

    listed, shown = text_of(operator.get(LIST)), text_of(operator.get(page_of(unclean)))

    for text in ("20 findings", "1,180 of 1,200 instants accounted for", "all retained history", "2.5 s"):
        assert text in listed
        assert text in shown
    for text in ("gap: schedule X", "extra: Y", "… and 18 more"):
        assert text in shown


def test_nobody_makes_changes_or_deletes_an_audit(operator: Client) -> None:
    audit = make_audit(1)

    for address in (
        reverse("admin:schedules_auditresult_add"),
        reverse("admin:schedules_auditresult_delete", args=(audit.pk,)),
    ):
        assert operator.post(address, {"post": "yes"}).status_code == 403
    assert operator.post(page_of(audit), {"finding_count": "0"}).status_code == 403
    assert AuditResult.objects.count() == 1
