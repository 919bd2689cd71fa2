"""The wide client, orq-ai-sdk 4.8.1: cron, interval and once. See journey.py for its input and output."""

# The client is installed in an environment of its own only; see environments.py.
from orq_ai_sdk import Orq  # type: ignore[import-not-found]

from tests.proofs.clients import journey
from tests.proofs.clients.examples import CRON_EXAMPLES, OTHER_EXAMPLES, REFUSED_CRON, REFUSED_OTHERS


def walk(given: journey.Given, connect: journey.Connect) -> None:
    """All checks of this client."""
    call = connect(given.key)
    ids = journey.create_all(call, CRON_EXAMPLES | OTHER_EXAMPLES, REFUSED_CRON | REFUSED_OTHERS)
    journey.read(call, given, ids["daily_cron"])
    journey.change(call, ids["daily_cron"])
    journey.send_mask_back(call, ids["secret_variable"])
    id_ = ids["hourly_interval"]
    call("change an interval", "update", schedule_id=id_, expression="@every 6h")
    call("change to once", "update", schedule_id=id_, type_="once", expression="@at 2099-05-01T09:00:00Z")
    call("change to cron", "update", schedule_id=id_, type_="cron", expression="@daily")
    call("change to an interval", "update", schedule_id=id_, type_="interval", expression="@every 1h")
    call("refuse to reactivate a once that has fired", "update", schedule_id=given.fired_id, is_active=True)
    new = OTHER_EXAMPLES["hourly_interval"]
    journey.meet_errors(call, given, new, id_)
    journey.knock_with_wrong_keys(connect, given, new, id_)
    journey.delete(call, id_)


if __name__ == "__main__":
    journey.run(Orq, walk)
