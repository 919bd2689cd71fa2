"""Everything that can be done with the secrets of endpoints, each answer kept as evidence."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse

from schedules.database.clock import database_now
from schedules.deliveries import outbox
from schedules.models import Delivery, Scope, Webhook, Workspace
from tests.api.caller import Caller
from tests.canaries.evidence import ENDPOINT_CANARIES, ROUTING_KEY, SLACK_PATH, Evidence
from tests.console.browser import form_of
from tests.factories import make_token, make_workspace
from tests.schedules.deliveries.alerts import make_alert
from tests.workers.delivering.conftest import send_due
from tests.workers.delivering.receiver import Answer, Receiver

API = "/v3/webhooks"
NAMED = {"display_name": "On call"}


@dataclass
class EndpointJourney:
    """One administrator who makes endpoints of all channels, and whose messages arrive or do not."""

    evidence: Evidence
    receiver: Receiver
    browser: Client
    workspace: Workspace = field(default_factory=lambda: make_workspace("canaries"))

    def __post_init__(self) -> None:
        self.api = Caller(make_token(self.workspace, Scope.ADMIN))
        slack = f"https://127.0.0.1:{self.receiver.port}/services/{SLACK_PATH}"
        self.targets = {"webhook": self.receiver.url, "slack": slack, "pagerduty": ROUTING_KEY}
        self.evidence.canaries = ENDPOINT_CANARIES

    def all(self) -> None:
        """Everything, one after the other."""
        for channel, target in self.targets.items():
            self.over_the_api(channel, target)
        self.refusals()
        self.console_refusals()
        self.messages()
        self.pages()

    def over_the_api(self, channel: str, target: str) -> None:
        """Make one, read it, change it as it is shown and to the same again, try it."""
        made = self.made({"channel": channel, "target": target})
        own = f"{API}/{made['_id']}"
        self.kept("shown", self.api.get(own))
        self.kept("changed", self.api.patch(own, {"target": made["target"], "display_name": "Other"}))
        self.kept("given again", self.api.patch(own, {"target": target}))
        self.kept("tried", self.api.post(f"{own}/test"))
        if channel == "webhook":
            self.secret_of(self.api.post(f"{own}/rotate-secret"))
        self.kept("list", self.api.get(API))

    def made(self, fields: dict[str, str]) -> dict[str, Any]:
        """A new endpoint's document; its signing secret is a canary from now on."""
        document = self.secret_of(self.api.post(API, NAMED | fields))
        self.evidence.add("API: made", json.dumps(document))
        return document

    def secret_of(self, answer: Any) -> dict[str, Any]:
        """The document without the secret that is shown this once."""
        assert answer.status_code == 201, answer.content
        document: dict[str, Any] = json.loads(answer.content)
        if secret := document.pop("signing_secret", ""):
            self.evidence.canaries = (*self.evidence.canaries, secret)
        return document

    def kept(self, place: str, answer: Any) -> None:
        assert answer.status_code < 300, answer.content
        self.evidence.answer(f"API: {place}", answer)

    def refusals(self) -> None:
        """Bodies with a secret in them that are wrong in many ways."""
        slack, key = self.targets["slack"], self.targets["pagerduty"]
        for wrong in (
            {"channel": "slack", "target": slack.replace("https", "http")},
            {"channel": "slack", "target": slack.replace("127.0.0.1", "169.254.169.254")},
            {"channel": "slack", "target": slack, "rules": ["nonsense"]},
            {"channel": "pagerduty", "target": key + "x"},
            {"channel": key, "target": key},
            {"channel": "email", "target": key},
            {"channel": "webhook", "target": key},
            {"channel": "pagerduty", "target": key, "secret": key},
        ):
            answer = self.api.post(API, NAMED | wrong)
            assert answer.status_code == 400, answer.content
            self.evidence.answer("API: refused", answer)

    def console_refusals(self) -> None:
        """The same typed into the form, with something else wrong."""
        page = reverse("admin:schedules_webhook_add")
        form = form_of(self.browser.get(page), "webhook_form") | {"workspace": str(self.workspace.pk)}
        for channel in ("slack", "pagerduty"):
            for wrong in (
                {"display_name": ""},
                {"display_name": "x", "target": f"{self.targets[channel]} x"},
            ):
                typed = {"channel": channel, "target": self.targets[channel]} | wrong
                answer = self.browser.post(page, form | typed)
                assert answer.status_code == 200
                self.evidence.answer(f"console: {channel} refused", answer)
        own = reverse("admin:schedules_webhook_change", args=(Webhook.objects.get(channel="slack").pk,))
        form = form_of(self.browser.get(own), "webhook_form") | {"target": self.targets["slack"]}
        self.evidence.answer("console: change refused", self.browser.post(own, form | {"display_name": ""}))
        assert self.browser.post(own, form | {"display_name": "Third"}).status_code == 302

    def messages(self) -> None:
        """Told to all, by a receiver that takes them, one that breaks, and one that sends them on."""
        answers = (
            Answer(204),
            Answer(500, {"X-Reason": ROUTING_KEY}),
            Answer(307, {"Location": f"http://127.0.0.1/{ROUTING_KEY}"}),
        )
        for answer in answers:
            self.receiver.answer(answer)
            outbox.put([make_alert(self.workspace)])
            assert send_due(database_now())

    def pages(self) -> None:
        """Every page with an endpoint, a message or a line of the journal on it."""
        for name, model in (("webhook", Webhook), ("delivery", Delivery)):
            self.seen(f"{name} list", reverse(f"admin:schedules_{name}_changelist"))
            for row in model.objects.all():
                self.seen(name, reverse(f"admin:schedules_{name}_change", args=(row.pk,)))
        self.seen("journal", reverse("admin:schedules_journalentry_changelist"))
        self.seen("front page", reverse("admin:index"))
        for path in ("/v3/deliveries?limit=100", "/v3/journal?limit=100"):
            self.kept(path, self.api.get(path))

    def seen(self, place: str, address: str) -> None:
        answer = self.browser.get(address)
        assert answer.status_code == 200, address
        self.evidence.answer(f"console: {place}", answer)
