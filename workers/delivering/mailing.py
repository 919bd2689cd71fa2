"""An alert as a mail, sent by Django's mail settings."""

import json
import smtplib
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from schedules.deliveries.outcomes import Sent
from schedules.models import Delivery

NOT_SET_UP = Sent(error="mail_not_set_up", message="no mail server is set (ORQ_EMAIL_URL)")


def mail(delivery: Delivery, addresses: Sequence[str]) -> Sent:
    """Send it once, to all of them."""
    if not settings.ORQ.sends_mail:
        return NOT_SET_UP
    if not addresses:
        return Sent(error="no_address", message="nobody there has a mail address")
    try:
        _message(delivery, addresses).send()
    except smtplib.SMTPResponseException as refused:
        return Sent(refused.smtp_code, "mail_refused", f"the mail server answered {refused.smtp_code}")
    except smtplib.SMTPRecipientsRefused:
        return Sent(error="mail_refused", message="the mail server refused every address")
    except (OSError, smtplib.SMTPException) as failure:
        return Sent(error="unreachable", message=f"the mail server: {type(failure).__name__}")
    return Sent()


def _message(delivery: Delivery, addresses: Sequence[str]) -> EmailMessage:
    document = json.loads(delivery.body)
    lines = [delivery.summary, "", *(f"{name}: {_shown(value)}" for name, value in document["data"].items())]
    thread = delivery.incident_id or delivery.id
    return EmailMessage(
        subject=f"[{delivery.severity}] {delivery.summary}"[:200].replace("\n", " ").replace("\r", " "),
        body="\n".join([*lines, "", f"{delivery.type}, {document['timestamp']}", delivery.id]),
        to=list(addresses),
        headers={"X-Webhook-Id": delivery.id, "References": f"<{thread}@agent-schedules>"},
    )


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
