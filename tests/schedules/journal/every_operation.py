"""Every operation of the API that is no GET, by its operationId: the acts that it is."""

from typing import Final

from tests.schedules.journal.lines import Act

OPERATIONS: Final[dict[str, set[Act]]] = {
    "create-agent": {("create", "agent")},
    "update-agent": {("update", "agent")},
    "delete-agent": {("delete", "agent")},
    "create-agent-schedule": {("create", "schedule")},
    "update-agent-schedule": {("update", "schedule")},
    "delete-agent-schedule": {("delete", "schedule")},
    "trigger-agent-schedule": {("run_now", "schedule")},
    "cancel-agent-schedule-run": {("cancel", "run")},
    "retry-agent-schedule-run": {("run_again", "run")},
    "pause-agent-schedule": {("update", "schedule")},
    "resume-agent-schedule": {("update", "schedule")},
    "pause-agent": {("hold", "hold")},
    "resume-agent": {("release", "hold")},
    "pause-workspace": {("hold", "hold")},
    "resume-workspace": {("release", "hold")},
    "acknowledge-incident": {("acknowledge", "incident")},
    "change-alert-rule": {("update", "alertrule")},
    "reset-alert-rule": {("delete", "alertrule")},
    "create-api-key": {("create", "apikey")},
    "revoke-api-key": {("revoke", "apikey")},
    "rotate-api-key": {("create", "apikey"), ("update", "apikey")},
    "create-webhook": {("create", "webhook")},
    "update-webhook": {("update", "webhook")},
    "delete-webhook": {("delete", "webhook")},
    "test-webhook": {("test", "webhook")},
    "rotate-webhook-secret": {("update", "webhook")},
    "replay-delivery": {("replay", "delivery")},
    "replay-deliveries": {("replay", "delivery")},
    "preview-schedule-expression": set(),  # changes nothing
}
