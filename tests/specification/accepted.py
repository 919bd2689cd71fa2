"""Where our specification differs from the documents on purpose, and why. docs/api.md shows the same table."""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final


@dataclass(frozen=True, slots=True)
class Accepted:
    """`places` as comparison.py names them; `{a,b}` in it stands for both."""

    places: str
    kind: str
    reason: str

    def each(self) -> set[tuple[str, str]]:
        """Every place, with the kind of its difference."""
        parts = [part.split(",") for part in re.split(r"[{}]", self.places)]
        return {("".join(chosen), self.kind) for chosen in product(*parts)}


_OPERATIONS: Final = "operations/{retrieve,trigger}-agent-schedule"
_SCHEDULE: Final = "operations/retrieve-agent-schedule/responses/200"
_TRIGGER: Final = "operations/trigger-agent-schedule"

ACCEPTED: Final = [
    Accepted("info/{title,version}", "changed", "This is another product, with versions of its own."),
    Accepted("servers", "changed", "The server that answers, under whatever name it was reached."),
    Accepted("externalDocs/url", "missing", "The pages about this service are its own, at `/docs`."),
    Accepted("securitySchemes/ApiKey/bearerFormat", "missing", "Keys are bearer tokens, but not JWTs."),
    Accepted(
        "schemas/PublicSchedulePayload/properties/input/anyOf",
        "added",
        "The documents say in words only that it is a text or a list of input items.",
    ),
    Accepted(
        "schemas/PublicScheduleErrorDetail/{properties,required}/{type,param,doc_url}",
        "added",
        "Every error also says its kind, the field it is about, and where it is explained.",
    ),
    Accepted(
        f"{_SCHEDULE}/schema/{{properties,required}}/workspace_id",
        "added",
        "The documents' examples have it, and published clients require it.",
    ),
    Accepted(
        f"{_SCHEDULE}/schema/properties/{{display_name,updated_by_id}}",
        "added",
        "The narrow clients send the one and read both.",
    ),
    Accepted(
        f"{_SCHEDULE}/schema/properties/next_fire_at", "added", "An addition: when the schedule fires next."
    ),
    Accepted(
        f"{_SCHEDULE}/schema/properties/pause",
        "added",
        "An addition: why the schedule is paused, and by whom.",
    ),
    Accepted(f"{_SCHEDULE}/headers/ETag", "added", "An addition, for `If-Match`."),
    Accepted(
        f"{_TRIGGER}/parameters/header Idempotency-Key", "added", "An addition, and optional: a safe repeat."
    ),
    Accepted(
        f"{_TRIGGER}/responses/202/headers/Idempotency-Replayed",
        "added",
        "An addition: tells a repeated answer from a first one.",
    ),
    Accepted(
        f"{_OPERATIONS}/responses/{{401,429,500,503}}",
        "added",
        "Every answer a client can meet is described; the documents leave these out.",
    ),
    Accepted(
        f"{_TRIGGER}/responses/{{403,409,413}}",
        "added",
        "Keys that may only read, a reused `Idempotency-Key`, and a huge body where none is expected.",
    ),
]
