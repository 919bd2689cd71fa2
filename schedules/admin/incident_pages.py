"""Incidents in the console: what is wrong, since when, and who has seen it; and the rules that open them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from schedules import journal, lengths
from schedules.admin import cells
from schedules.admin.alert_rule_form import AddAlertRuleForm, AlertRuleForm
from schedules.admin.base import ConsoleAdmin, ReadOnly
from schedules.admin.filters import IncidentStateFilter, RuleFilter, WorkspaceFilter
from schedules.admin.keyset_list import KeysetList, KeysetPaginator
from schedules.admin.typed import ModelForm
from schedules.admin.verbs import Verb, VerbAdmin
from schedules.alerts import ruling, wording
from schedules.alerts.acknowledging import acknowledge
from schedules.alerts.remedies import remedy_of
from schedules.alerts.rules import CRITICAL, INFO, RULES, rule_of
from schedules.database.clock import recent_now
from schedules.errors import IncidentClosed
from schedules.models import AlertRule, Incident

_COLOURS = {CRITICAL: "danger", INFO: "info"}


@admin.display(description="State")
def state(incident: Incident) -> SafeString:
    """Open in the colour of its severity, seen, or over."""
    if not incident.is_open:
        return cells.badge("over")
    if incident.acknowledged_at is not None:
        return cells.badge("acknowledged", "info")
    return cells.badge("open", _COLOURS.get(rule_of(incident.rule).severity, "warning"))


@admin.display(description="What is wrong")
def summary(incident: Incident) -> SafeString:
    """One sentence, and the rule it comes from."""
    return cells.two_lines(wording.sentence(incident), incident.rule, width="console-incident")


@admin.display(description="Since")
def since(incident: Incident) -> str:
    """When it opened."""
    return cells.instant(incident.opened_at, recent_now())


@admin.display(description="Lasted")
def lasted(incident: Incident) -> str:
    """From its opening to its end, or to now."""
    return cells.one_line(lengths.length((incident.closed_at or recent_now()) - incident.opened_at))


@admin.display(description="Seen")
def seen(incident: Incident) -> str:
    """How often."""
    return f"{incident.count:,} ×"


@admin.display(description="About")
def about(incident: Incident) -> str:
    """Its subject, linked."""
    name = incident.subject_name or incident.subject_id
    try:
        return cells.link(
            reverse(f"admin:schedules_{incident.subject}_change", args=(incident.subject_id,)), name
        )
    except NoReverseMatch:
        return name


@admin.display(description="Acknowledged")
def acknowledged(incident: Incident) -> str:
    """When, by whom, and what they wrote."""
    if incident.acknowledged_at is None:
        return cells.NOTHING
    by = incident.acknowledged_by_name or incident.acknowledged_by_id
    return cells.two_lines(f"{cells.clock(incident.acknowledged_at)} by {by}", incident.note)


@admin.display(description="Told")
def told(incident: Incident) -> str:
    """When the last message about it left, and when the next one does."""
    if incident.told_at is None:
        return f"not yet; {cells.clock(incident.tell_at)}" if incident.tell_at else "not told"
    return cells.clock(incident.told_at)


@admin.display(description="What to do")
def remedy(incident: Incident) -> str:
    """About what is wrong still."""
    return (remedy_of(incident.rule) if incident.is_open else "") or cells.NOTHING


@admin.display(description="Facts")
def facts(incident: Incident) -> str:
    """What is known."""
    return cells.json_block(incident.facts)


ACKNOWLEDGE = Verb[Incident](
    "acknowledge",
    "Acknowledge",
    "done",
    "acknowledged",
    "acknowledge",
    lambda row, actor, now: acknowledge(row.workspace_id, row.id, actor, now),
    lambda row: row.state == "open",
    {IncidentClosed: "already over"},
)


@admin.register(Incident)
class IncidentAdmin(VerbAdmin[Incident], ReadOnly[Incident]):
    """The pages of incidents."""

    workspace_path = "workspace"
    verbs = (ACKNOWLEDGE,)
    list_class = KeysetList
    paginator = KeysetPaginator
    list_display = (state, summary, since, lasted, seen)
    list_filter = (IncidentStateFilter, RuleFilter, WorkspaceFilter)
    sortable_by = ()
    fields: ClassVar[Any] = (
        *(state, summary, remedy, about, "rule", "signature", since, lasted, seen, acknowledged, told),
        *("absorbed_by", facts, "workspace"),
    )
    readonly_fields: ClassVar[Any] = fields

    def empty_words(self) -> str:
        """As far back as any is kept."""
        return "Nothing has gone wrong that is still on record"


@admin.display(description="Rule")
def rule(row: AlertRule) -> str:
    """Its name and what it is about."""
    return cells.two_lines(row.rule, RULES[row.rule].opens if row.rule in RULES else "")


@admin.display(description="Whose")
def whose(row: AlertRule) -> str:
    """The schedule, the agent, or the workspace."""
    if row.schedule is not None:
        return f"schedule {row.schedule}"
    return f"agent {row.agent.key}" if row.agent is not None else "the workspace"


@admin.register(AlertRule)
class AlertRuleAdmin(ConsoleAdmin[AlertRule]):
    """The pages of rules that differ from the defaults."""

    workspace_path = "workspace"
    list_display = (rule, whose, "workspace", "is_enabled", "threshold", "window_seconds")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "agent", "schedule__agent")
    sortable_by = ()

    def get_form(
        self, request: HttpRequest, obj: AlertRule | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[AlertRule]]:
        """Of a new rule also whose it is."""
        kwargs["form"] = AlertRuleForm if obj else AddAlertRuleForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        """Whose it is stays as it is."""
        changing = AlertRuleForm.Meta.fields
        return AddAlertRuleForm.Meta.fields if obj is None else (rule, whose, "workspace", *changing)

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        """Of a rule that is there."""
        return () if obj is None else (rule, whose, "workspace")

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> AlertRule:
        """The verb writes."""
        saved: AlertRule = form.apply()
        return saved

    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        """Nothing: `save_form` did it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: a rule has no parts."""

    def delete_model(self, request: HttpRequest, obj: AlertRule) -> None:
        """Through the verb: the level above holds again."""
        ruling.reset(ruling.Level(obj.workspace, obj.agent, obj.schedule), obj.rule)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AlertRule]) -> None:
        """Each through the verb."""
        with journal.batch():
            for row in queryset:
                self.delete_model(request, row)
