"""What can be refused, as one tree: each error carries the stable `code` that clients see."""

from datetime import timedelta


class Refused(Exception):
    """The request was refused and nothing was changed; the message says why and how to mend it."""

    code = "invalid_request_body"

    def __init__(self, message: str = "", *, param: str | None = None) -> None:
        """`param`: the request's field the message is about, dotted for nested fields."""
        super().__init__(message or (self.__doc__ or "").strip())
        self.param = param


class InvalidRequest(Refused):
    """The request does not have the documented form."""


class ScheduleInactive(Refused):
    """Cannot trigger an inactive schedule"""

    code = "schedule_inactive"


class PreconditionFailed(Refused):
    """The schedule has been edited since; retrieve it and apply the change again"""

    code = "precondition_failed"


class IdempotencyKeyReused(Refused):
    """This Idempotency-Key was already used for another request; use a new key for each request"""

    code = "idempotency_key_reused"


class QuotaExceeded(Refused):
    """The workspace or the agent has used up a quota"""

    code = "quota_exceeded"


class AgentNotFound(Refused):
    """Agent not found"""

    code = "agent_not_found"


class AgentExists(Refused):
    """The workspace has an agent of this key already"""

    code = "agent_exists"


class OriginNotYours(Refused):
    """Only an administrator may send an agent's calls to another server: the secrets of its schedules go there too"""

    code = "insufficient_scope"


class KeyNotFound(Refused):
    """API key not found"""

    code = "key_not_found"


class KeyNotWorking(Refused):
    """This API key has been revoked, disabled or has expired; issue a new one"""

    code = "key_not_working"


class KeyTooPowerful(Refused):
    """Nobody issues a key that may do more than they may themselves"""

    code = "insufficient_scope"


class RoleNotYours(Refused):
    """Nobody gives or takes away a role above their own, or in a workspace they do not administer"""

    code = "insufficient_scope"


class ScheduleNotFound(Refused):
    """Schedule not found"""

    code = "schedule_not_found"


class RunNotFound(Refused):
    """Run not found"""

    code = "run_not_found"


class RunNotCancellable(Refused):
    """Only a pending or running run can be cancelled"""

    code = "run_not_cancellable"


class RunNotRetryable(Refused):
    """Only a run that has ended without success can be run again"""

    code = "run_not_retryable"


class WebhookNotFound(Refused):
    """Webhook not found"""

    code = "webhook_not_found"


class WebhookDisabled(Refused):
    """This endpoint is switched off: nothing is sent to it until it is switched on again"""

    code = "webhook_disabled"


class DeliveryNotFound(Refused):
    """Delivery not found"""

    code = "delivery_not_found"


class DeliveryNotReplayable(Refused):
    """Only a message that was delivered or is dead can be sent again; this one is still on its way"""

    code = "delivery_not_replayable"


class ClockLeapt(Refused):
    """The database's clock has leapt ahead and nothing is changed until it is right again"""

    code = "service_unavailable"
    wait = 30
    """Seconds, for Retry-After."""

    def __init__(self, ahead: timedelta) -> None:
        """`ahead`: how far."""
        seconds = ahead.total_seconds()
        super().__init__(
            f"The database's clock has leapt ahead by {seconds:.0f} s: nothing is changed until it is right again, "
            f"or has stayed so for some minutes. Try again in {self.wait} s"
        )
        self.ahead = ahead


class IncidentNotFound(Refused):
    """Incident not found"""

    code = "incident_not_found"


class IncidentClosed(Refused):
    """The incident is over; only an open one can be acknowledged"""

    code = "incident_closed"


class AlertRuleNotFound(Refused):
    """Alert rule not found"""

    code = "alert_rule_not_found"
