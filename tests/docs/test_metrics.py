"""The page of metrics names every metric that there is, with its type and its labels, and every alert."""

import re
from pathlib import Path

import pytest

from schedules.metrics.collector import PREFIX, ServiceCollector
from tests.docs.pages import tables, text_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/metrics.md"


@pytest.mark.django_db
def test_the_page_names_every_metric_with_its_type_and_labels() -> None:
    documented = {
        row[0]: (row[1], tuple(re.findall(r"`(\w+)`", row[2]) or filter(None, [row[2]])))
        for table in tables(text_of(PAGE))
        for row in table
        if len(row) == 4
    }

    families = list(ServiceCollector().collect())

    assert documented == {
        each.name.removeprefix(f"{PREFIX}_") + ("_total" if each.type == "counter" else ""): (
            each.type,
            tuple(getattr(each, "_labelnames", ())),
        )
        for each in families
    }


def test_the_page_names_every_alert() -> None:
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text()

    assert set(re.findall(r"`(AgentSchedules\w+)`", text_of(PAGE))) == set(
        re.findall(r"- alert: (\w+)", rules)
    )
