"""What the documents look like: the examples of /openapi.json."""

from typing import Final

SCHEDULE: Final = {
    "_id": "01KPN29WWKSK0VDPJNTKZPVNRB",
    "workspace_id": "cd185327-a8a5-4e55-ac9e-51c8e8b7f0e5",
    "agent_key": "customer_digest",
    "agent_tag": "v2",
    "type": "cron",
    "expression": "0 0 9 * * mon-fri",
    "is_active": True,
    "generation": 2,
    "payload": {
        "input": "Write the morning briefing for {{region}}",
        "variables": {"region": "EMEA"},
        "metadata": {"run_source": "daily-briefing"},
    },
    "created_by_id": "apk_01KPM5XHYF7NXZ1S3XK2J8Q4B7",
    "created": "2026-04-15T12:00:00Z",
    "updated": "2026-04-20T09:30:00Z",
    "last_triggered_at": "2026-04-20T09:00:02Z",
    "next_fire_at": "2026-04-21T09:00:00Z",
    "trigger_count": 12,
}
NEW_SCHEDULE: Final = {name: SCHEDULE[name] for name in ("type", "expression", "agent_tag", "payload")}
SCHEDULE_SUMMARY: Final = {name: value for name, value in SCHEDULE.items() if name != "payload"}
RUN: Final = {
    "_id": "01KPN8Z6Q3W1T5Y7B9D2F4H6J8",
    "schedule_id": SCHEDULE["_id"],
    "generation": 2,
    "trigger": "cadence",
    "fire_time": "2026-04-20T09:00:00Z",
    "is_misfire": False,
    "state": "succeeded",
    "attempt": 1,
    "max_attempts": 5,
    "created": "2026-04-20T09:00:00.412000Z",
    "not_before": "2026-04-20T09:00:00Z",
    "started_at": "2026-04-20T09:00:02Z",
    "finished_at": "2026-04-20T09:00:09.118000Z",
    "lateness_seconds": 2.0,
    "agent_tag": "v2",
    "worker": "worker-1:17:01KPN7Y2E4",
    "response_id": "resp_01KPN8ZDK2",
    "output_types": ["message"],
    "output_text": "Good morning, EMEA.",
    "usage": {"input_tokens": 412, "output_tokens": 96, "total_tokens": 508},
    "attempts": [
        {
            "number": 1,
            "worker": "worker-1:17:01KPN7Y2E4",
            "started_at": "2026-04-20T09:00:02Z",
            "ended_at": "2026-04-20T09:00:09.118000Z",
            "outcome": "succeeded",
            "response_id": "resp_01KPN8ZDK2",
        }
    ],
}
_ERROR: Final = {"code": "agent_timeout", "message": "The agent said nothing for 300 s"}
RUN_SUMMARY: Final = {
    **{name: value for name, value in RUN.items() if name not in ("attempts", "output_text", "output_types")},
    "state": "failed",
    "reason": _ERROR["code"],
    "error": _ERROR,
    "agent_key": SCHEDULE["agent_key"],
    "schedule_name": "Morning briefing",
}
RETRY: Final = {
    "_id": "01KPN9A1C3E5G7J9M1P3R5T7V9",
    "schedule_id": SCHEDULE["_id"],
    "generation": 2,
    "trigger": "manual",
    "is_misfire": False,
    "retry_of": "01KPN8Z6Q3W1T5Y7B9D2F4H6J8",
    "state": "pending",
    "attempt": 1,
    "max_attempts": 5,
    "created": "2026-04-20T09:12:00.105000Z",
    "not_before": "2026-04-20T09:12:10.105000Z",
    "agent_tag": "v2",
    "attempts": [],
}
PREVIEW: Final = {
    "fire_times": ["2026-04-21T09:00:00Z", "2026-04-22T09:00:00Z", "2026-04-23T09:00:00Z"],
    "description": "at 09:00:00 UTC, Monday to Friday",
}
TO_PREVIEW: Final = {"type": "cron", "expression": "0 0 9 * * mon-fri", "limit": 3}
WARNING: Final = {
    "code": "foreign_fields",
    "message": "`?` as hour or month is how EventBridge and Quartz leave a day open, with the fields minute, hour, "
    "day of month, month, day of week, year. Here the fields begin with the second: this means every hour at "
    "minute 2, second 0 UTC",
    "suggestion": "0 0 2 * * *",
}
EXPLANATION: Final = {
    "at": "2026-04-20T09:00:00Z",
    "outcome": "ran",
    "words": "It ran: started 2026-04-20 09:00:02 UTC, 2.0 s after its fire time, attempt 1, succeeded",
    "generation": 2,
    "run": RUN,
    "next_fire_time": "2026-04-21T09:00:00Z",
}
AGENT: Final = {
    "_id": "01KPM5WQ3V8A6T2D4F7H9K1M3N",
    "workspace_id": SCHEDULE["workspace_id"],
    "key": SCHEDULE["agent_key"],
    "runtime": "responses",
    "base_url": "https://agents.example.org",
    "path": "/v1/responses",
    "dialect": "",
    "model": "gpt-5",
    "provider": "openai",
    "credential_header": "Authorization",
    "has_credential": True,
    "extra_body": {"instructions": "Answer in one paragraph."},
    "extra_headers": {"X-Team": "growth", "X-Gateway-Key": {"secret": True, "value": "********"}},
    "background": False,
    "stream": False,
    "connect_timeout_seconds": 5.0,
    "read_timeout_seconds": 300.0,
    "total_timeout_seconds": 900.0,
    "max_response_bytes": 1048576,
    "max_attempts": 5,
    "max_silent_attempts": 1,
    "retry_base_seconds": 10.0,
    "retry_cap_seconds": 900.0,
    "ca_pem": "",
    "client_certificate_pem": "",
    "has_client_key": False,
    "signing_secret_count": 0,
    "active_tag": "v2",
    "created": "2026-04-15T11:00:00Z",
    "updated": "2026-04-15T11:00:00Z",
}
NEW_AGENT: Final = {
    "key": AGENT["key"],
    "base_url": AGENT["base_url"],
    "path": AGENT["path"],
    "model": AGENT["model"],
    "credential": "Bearer sk-example",
}

KEY: Final = {
    "_id": "01KPM5Y2T8B4C6D8E0F2G4H6J8",
    "workspace_id": SCHEDULE["workspace_id"],
    "name": "backend",
    "scope": "trigger",
    "agent_keys": [AGENT["key"]],
    "is_working": True,
    "expires_at": "2027-06-01T09:00:00Z",
    "last_used_at": "2026-06-01T09:00:12Z",
    "last_used_address": "203.0.113.7",
    "created": "2026-06-01T09:00:00Z",
    "created_by_id": "apk_01KPM5X0A1B2C3D4E5F6G7H8J9",
}
NEW_KEY: Final = {"name": "backend", "scope": "trigger", "agent_keys": [AGENT["key"]]}

WEBHOOK: Final = {
    "_id": "01KPM5Z0A2C4E6G8J0M2P4R6T8",
    "workspace_id": SCHEDULE["workspace_id"],
    "display_name": "On call",
    "channel": "webhook",
    "target": "https://hooks.example.org/agent-schedules",
    "rules": ["agent.outage", "schedule.failing"],
    "is_enabled": True,
    "signing_secret_count": 1,
    "dead_count": 0,
    "created": "2026-04-15T11:00:00Z",
    "created_by_id": SCHEDULE["created_by_id"],
    "updated": "2026-04-15T11:00:00Z",
}
NEW_WEBHOOK: Final = {name: WEBHOOK[name] for name in ("display_name", "channel", "target", "rules")}
DELIVERY: Final = {
    "_id": "01KPN9B2D4F6H8K0N2Q4S6V8X0",
    "workspace_id": SCHEDULE["workspace_id"],
    "webhook_id": WEBHOOK["_id"],
    "channel": "webhook",
    "type": "agent.outage.opened",
    "severity": "critical",
    "summary": "The agent customer_digest cannot be reached: 30 schedules fail",
    "incident_id": "01KPN9B2C3D4E5F6G7H8J9K0M1",
    "state": "pending",
    "attempt_count": 2,
    "next_attempt_at": "2026-04-20T09:15:07Z",
    "last_attempt_at": "2026-04-20T09:10:07Z",
    "last_status": 503,
    "last_error": "http_error",
    "last_message": "it answered HTTP 503",
    "created": "2026-04-20T09:10:00Z",
}
_SAID: Final = {"type": DELIVERY["type"], "timestamp": DELIVERY["created"]}
DELIVERY_WITH_BODY: Final = DELIVERY | {
    "body": _SAID | {"data": {"agent_key": SCHEDULE["agent_key"], "code": "agent_unreachable"}}
}
_TEST: Final = {"type": "webhook.test", "timestamp": DELIVERY["created"]}
TEST_DELIVERY: Final = {
    name: DELIVERY[name] for name in ("_id", "workspace_id", "webhook_id", "channel", "state", "created")
} | {
    "type": "webhook.test",
    "severity": "info",
    "summary": "This is a test of the endpoint On call",
    "attempt_count": 0,
    "next_attempt_at": DELIVERY["created"],
    "body": _TEST | {"data": {"webhook_id": WEBHOOK["_id"], "display_name": "On call"}},
}

JOURNAL_LINE: Final = {
    "_id": "01KPN95D8J2K4M6N8P0Q2R4S6T",
    "at": "2026-04-20T09:30:00.121000Z",
    "actor_kind": "key",
    "actor_id": KEY["_id"],
    "actor_name": KEY["name"],
    "address": "203.0.113.7",
    "workspace_id": SCHEDULE["workspace_id"],
    "agent_id": AGENT["_id"],
    "verb": "update",
    "object_type": "schedule",
    "object_id": SCHEDULE["_id"],
    "object_name": "Morning briefing",
    "changes": {
        "expression": {"old": "0 0 8 * * mon-fri", "new": SCHEDULE["expression"]},
        "payload.variables.token": "changed",
    },
    "generation": 2,
    "revision": 4,
}

OVERVIEW_NOW: Final = {
    "at": "2026-04-20T22:10:00.120000Z",
    "is_well": False,
    "concerns": [
        {
            "severity": "error",
            "code": "no_worker",
            "message": "No worker is alive: no run starts until one is started",
        }
    ],
    "processes": {"beats": 2, "workers": 0, "calls_in_flight": 0},
    "holds": [
        {
            "scope": "agent",
            "agent_key": "triage",
            "note": "The provider is down",
            "until": "2026-04-27T07:00:00Z",
            "since": "2026-04-20T10:15:00.318000Z",
            "by_id": SCHEDULE["created_by_id"],
        }
    ],
    "incidents": {"open": 2, "acknowledged": 1},
    "failures": {
        "count": 163,
        "is_at_least": False,
        "groups": [
            {
                "agent_key": SCHEDULE["agent_key"],
                "reason": "agent_timeout",
                "count": 163,
                "newest": "2026-04-20T21:00:09.118000Z",
            }
        ],
    },
    "missed_count": 0,
    "ledger": {"verdict": "clean", "audited_at": "2026-04-20T21:30:00Z"},
}
PAUSE_REQUEST: Final = {"note": "The provider is down", "until": "2026-04-27T07:00:00Z"}
_PAUSED: Final = PAUSE_REQUEST | {"since": "2026-04-20T10:15:00.318000Z", "by_id": SCHEDULE["created_by_id"]}
PAUSE_OF_AGENT: Final = {"scope": "agent"} | _PAUSED
PAUSE_OF_WORKSPACE: Final = {"scope": "workspace"} | _PAUSED
PAUSED_SCHEDULE: Final = {name: value for name, value in SCHEDULE.items() if name != "next_fire_at"} | {
    "is_active": False,
    "pause": {"scope": "schedule"} | _PAUSED,
}
WORKSPACE: Final = {"_id": SCHEDULE["workspace_id"], "name": "Acme"}
STATISTICS: Final = {
    "from": "2026-04-19T22:00:00Z",
    "to": "2026-04-20T22:00:00Z",
    "agent_key": SCHEDULE["agent_key"],
    "runs": {
        "count": 497,
        "by_state": {"succeeded": 330, "failed": 163, "cancelled": 0, "discarded": 4},
        "by_trigger": {"cadence": 480, "late": 9, "manual": 7, "again": 1},
        "by_reason": [
            {"state": "failed", "reason": "agent_timeout", "count": 163},
            {"state": "discarded", "reason": "stale_generation", "count": 4},
        ],
    },
    "missed": {"count": 3, "by_reason": [{"reason": "coalesced", "count": 3}]},
    "attempts": {"succeeded": 330, "failed": 815, "lost": 2, "cancelled": 0},
    "tokens": {"input": 135960, "output": 31680},
    "cost_usd": 0.86,
    "unpriced_count": 0,
    "lateness": {
        "count": 493,
        "mean_seconds": 0.412,
        "p50_seconds": 0.5,
        "p90_seconds": 1.0,
        "p99_seconds": 5.0,
    },
    "duration": {
        "count": 1147,
        "mean_seconds": 214.5,
        "p50_seconds": 300.0,
        "p90_seconds": 300.0,
        "p99_seconds": 300.0,
    },
    "step": "hour",
    "series": [{"at": "2026-04-19T22:00:00Z", "runs": 20, "failed": 7, "missed": 0, "cost_usd": 0.036}],
}
INCIDENT: Final = {
    "_id": "01KPNA4Q0ZT5V9D0W8R3C1K7XE",
    "rule": "agent.outage",
    "state": "open",
    "severity": "critical",
    "summary": "Agent daily-briefing is down: 30 of its schedules fail (agent_unreachable)",
    "subject": "agent",
    "subject_id": "01KPM5Y2T1Q8V0B7N4C6D3R9ZA",
    "subject_name": SCHEDULE["agent_key"],
    "agent_id": "01KPM5Y2T1Q8V0B7N4C6D3R9ZA",
    "code": "agent_unreachable",
    "count": 30,
    "facts": {"code": "agent_unreachable", "schedule_count": 30},
    "opened": "2026-04-20T21:00:04.211000Z",
    "last_seen": "2026-04-20T22:00:05.020000Z",
}
ALERT_RULE: Final = {
    "rule": "agent.outage",
    "scope": "workspace",
    "opens": "So many schedules of an agent failed with the same code within the window, and none of its runs "
    "succeeded",
    "severity": "critical",
    "is_enabled": True,
    "is_default": False,
    "threshold": 3,
    "counts": "schedules",
    "window_seconds": 600,
}
