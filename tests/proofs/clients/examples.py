"""Schedules from the documents of the public API and of its clients, as arguments of a client's `create`.

Standard library only: the clients' own environments import this too.
"""

from typing import Any, Final

New = dict[str, Any]

MASK: Final = "********"
SECRET: Final = "s3cret"

CRON_EXAMPLES: Final[dict[str, New]] = {
    "daily_cron": {
        "type_": "cron",
        "expression": "0 0 9 * * mon-fri",
        "agent_tag": "v2",
        "payload": {
            "input": "Generate the morning briefing for {{region}}",
            "memory_entity_id": "mem_entity_123",
            "metadata": {"run_source": "daily-briefing"},
            "variables": {"region": "EMEA"},
        },
    },
    "secret_variable": {
        "type_": "cron",
        "expression": "0 0 9 * * *",
        "payload": {"input": "Sign in", "variables": {"token": {"secret": True, "value": SECRET}}},
    },
    "input_items": {
        "type_": "cron",
        "expression": "0 0 9 * * *",
        "payload": {
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Grüß Gott 👋"}]}],
            "variables": {
                "limit": 3,
                "ratio": 0.5,
                "is_urgent": True,
                "labels": ["a", "b"],
                "more": {"x": {}},
            },
        },
    },
    "empty_payload": {"type_": "cron", "expression": "0 0 9 * * *", "payload": {"input": ""}},
} | {
    expression: {"type_": "cron", "expression": expression, "payload": {"input": "Hello"}}
    for expression in (
        "0 0 * * * *",
        "0 0 3 * * 0",
        "0 0 9 * * 1",
        "@hourly",
        "@daily",
        "@midnight",
        "@weekly",
        "@monthly",
        "@yearly",
        "@annually",
    )
}

OTHER_EXAMPLES: Final[dict[str, New]] = {
    "hourly_interval": {
        "type_": "interval",
        "expression": "@every 1h",
        "payload": {"input": "Summarize new tickets from the last hour"},
    },
    "once_future_at": {
        "type_": "once",
        "expression": "@at 2099-05-01T09:00:00Z",  # the document's own instant is in the past by now
        "payload": {"input": "Check in on ticket TICKET-123 and post a status update."},
    },
    "once_other_zero_offset": {
        "type_": "once",
        "expression": "@at 2099-05-01T09:00:00.5+00:00",
        "payload": {"input": "Hello"},
    },
} | {
    expression: {"type_": "interval", "expression": expression, "payload": {"input": "Hello"}}
    for expression in ("@every 6h", "@every 1h30m", "@every 90m", "@every 1.5h")
}

REFUSED_CRON: Final[dict[str, New]] = {
    expression or "no expression": {"type_": "cron", "expression": expression, "payload": {"input": "Hello"}}
    for expression in ("*/5 * * * * *", "0 0,30 9 * * *", "0 9 * * *", "0 0 9 * * 7", "@every 1h", "")
}

REFUSED_OTHERS: Final[dict[str, New]] = {
    f"{type_} {expression}": {"type_": type_, "expression": expression, "payload": {"input": "Hello"}}
    for type_, expression in (
        ("interval", "@every 30m"),
        ("interval", "@every .5h"),
        ("interval", "0 0 9 * * mon-fri"),
        ("once", "@at 2026-05-01T09:00:00Z"),  # the document's own example, past by now
        ("once", "@at 2099-05-01T09:00:00+02:00"),
    )
}


def named(examples: dict[str, New]) -> dict[str, New]:
    """The same with a display name each, which the narrow client always sends."""
    return {name: {**new, "display_name": f"Example {name}"} for name, new in examples.items()}
