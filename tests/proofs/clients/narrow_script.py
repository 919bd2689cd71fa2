"""The narrow client, orq-ai-sdk 4.17.13: cron only, always with a name. See journey.py for its input and output."""

# The client is installed in an environment of its own only; see environments.py.
from orq_ai_sdk import Orq  # type: ignore[import-not-found]

from tests.proofs.clients import journey
from tests.proofs.clients.examples import CRON_EXAMPLES, REFUSED_CRON, named


def walk(given: journey.Given, connect: journey.Connect) -> None:
    """All checks of this client."""
    call = connect(given.key)
    examples = named(CRON_EXAMPLES)
    ids = journey.create_all(call, examples, named(REFUSED_CRON))
    id_ = ids["daily_cron"]
    journey.read(call, given, id_)
    call("rename", "update", schedule_id=id_, display_name="Renamed")
    journey.change(call, id_)
    journey.send_mask_back(call, ids["secret_variable"])
    new = examples["@daily"]
    journey.meet_errors(call, given, new, id_)
    journey.knock_with_wrong_keys(connect, given, new, id_)
    journey.delete(call, id_)


if __name__ == "__main__":
    journey.run(Orq, walk)
