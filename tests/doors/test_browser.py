"""What browsers are told, and that a real one shows every page without breaking a rule of its policy."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import sync_playwright

from tests.factories import make_agent, make_schedule

CHROMIUM = shutil.which("chromium")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/v3/agents", "/healthz", "/readyz", "/nope", "/openapi.json"])
def test_answers_for_machines_are_not_kept_and_load_nothing(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "camera=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
def test_the_documentation_runs_files_of_this_service_only(client: Client, path: str) -> None:
    page = client.get(path)

    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert "<script>" not in page.content.decode()


@pytest.mark.parametrize(
    ("subdomains", "preload", "header"),
    [
        (False, False, "max-age=31536000"),
        (True, True, "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_what_https_says_of_other_names_is_the_operators_to_say(
    client: Client, settings: Any, subdomains: bool, preload: bool, header: str
) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = subdomains
    settings.SECURE_HSTS_PRELOAD = preload

    assert client.get("/docs", secure=True)["Strict-Transport-Security"] == header


@pytest.mark.processes
@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
def test_a_browser_finds_nothing_that_its_policy_forbids(
    live_server: Any, client: Client, tmp_path: Path
) -> None:
    operator = User.objects.create_superuser("operator")
    schedule = make_schedule(make_agent())
    client.force_login(operator)
    pages = [
        "/docs",
        "/docs/errors",
        reverse("admin:login"),
        reverse("admin:index"),
        reverse("admin:schedules_schedule_changelist"),
        reverse("admin:schedules_schedule_change", args=[schedule.pk]),
        reverse("admin:schedules_agent_add"),
    ]

    found = visited(live_server.url, pages, client.cookies["sessionid"].value)

    assert found == []


def visited(origin: str, pages: list[str], session: str) -> list[str]:
    """What a browser says of the policy, page by page; first that it says something at all."""
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": session, "url": f"{origin}/console/"}])
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
        for path in pages:
            answer = page.goto(origin + path, wait_until="networkidle")
            assert answer is not None
            assert answer.status == 200
        assert [line for line in said if "ecurity" in line or "Error" in line] == []
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
        page.wait_for_timeout(200)
        assert any("Content Security Policy" in line for line in said)
        browser.close()
    return [line for line in said if "Content Security Policy" in line][:-1]
