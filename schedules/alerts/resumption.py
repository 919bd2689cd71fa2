"""That a pause was over and the service ended it is told at once; it is an event, and opens no incident."""

from datetime import datetime

from schedules.alerts import rules, wording
from schedules.alerts.rules_in_force import RulesInForce
from schedules.deliveries import outbox
from schedules.deliveries.alert import Alert
from schedules.models import Schedule


def tell(schedule_id: str, now: datetime) -> None:
    """The schedule is active again."""
    schedule = Schedule.objects.select_related("agent").get(id=schedule_id)
    rule = RulesInForce([schedule.workspace_id]).of(
        rules.RESUMED, schedule.workspace_id, schedule.agent_id, schedule_id
    )
    if rule.is_on:
        name = schedule.display_name or schedule.expression
        data: dict[str, object] = {
            "workspace_id": str(schedule.workspace_id),
            "schedule_id": schedule_id,
            "agent_key": schedule.agent.key,
            "subject_name": name,
            "console_url": wording.page_url("schedule", schedule_id),
        }
        summary = f"{name} was resumed: its pause was over"
        shown = {key: value for key, value in data.items() if value is not None}
        outbox.put([Alert(rules.RESUMED, schedule.workspace_id, "", now, rules.INFO, summary, shown)])
