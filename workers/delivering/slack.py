"""An alert as Slack's incoming webhooks take it: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

import json
from typing import Any, Final

from schedules.models import Delivery

_COLOURS: Final = {"critical": "#c62828", "warning": "#f9a825", "info": "#546e7a"}
_ENDED: Final = "#2e7d32"


def message_of(delivery: Delivery) -> dict[str, Any]:
    """One line, a colour for how bad it is, and the link to the console if there is one."""
    console_url = json.loads(delivery.body)["data"].get("console_url")
    words = _escaped(delivery.summary)
    text = f"{words}\n<{_escaped(str(console_url))}|Open in the console>" if console_url else words
    colour = _ENDED if delivery.is_end else _COLOURS.get(delivery.severity, _COLOURS["info"])
    return {
        "text": words,
        "attachments": [{"color": colour, "fallback": words, "text": text, "footer": delivery.type}],
    }


def _escaped(text: str) -> str:
    """Slack's three control characters: names of people must not become links or mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
