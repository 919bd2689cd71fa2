"""Messages to people: at least once, each by one sender at a time, under one id, and only where they may go."""

from typing import Final

from tests.proofs.mutants.mutant import Mutant

CLAIMING: Final = "schedules/deliveries/claiming.py"
OUTCOMES: Final = "schedules/deliveries/outcomes.py"
SWITCHING: Final = "schedules/deliveries/switching.py"
CHANNELS: Final = "workers/delivering/channels.py"
POSTING: Final = "workers/delivering/posting.py"

CLAIMED: Final = "tests/schedules/deliveries/test_claiming.py"
SWITCHED: Final = "tests/schedules/deliveries/test_switching.py"
TOLD: Final = "tests/workers/delivering/test_webhooks.py"
AWAY: Final = "tests/workers/delivering/test_addresses.py"

DELIVERING: Final = (
    Mutant(
        "two senders take the same message",
        CLAIMING,
        'rows.select_for_update(skip_locked=True, of=("self",)).select_related("webhook")',
        'rows.select_related("webhook")',
        (f"{CLAIMED}::test_many_senders_at_once_claim_each_message_once",),
    ),
    Mutant(
        "a claimed message has no lease",
        CLAIMING,
        "next_attempt_at=now + LEASE,",
        "next_attempt_at=now,",
        (f"{CLAIMED}::TestAClaim::test_a_claimed_message_is_nobody_elses_until_its_lease_is_over",),
    ),
    Mutant(
        "messages to an endpoint that is off wait for ever",
        CLAIMING,
        "    _bury(now)\n",
        "",
        (f"{CLAIMED}::TestAClaim::test_what_is_due_for_an_endpoint_that_is_off_is_a_dead_letter",),
    ),
    Mutant(
        "a lapsed sender's result counts",
        OUTCOMES,
        "state=DeliveryState.PENDING, attempt_count=delivery.attempt_count",
        "state=DeliveryState.PENDING",
        (f"{SWITCHED}::test_a_result_of_a_lapsed_lease_counts_for_nothing",),
    ),
    Mutant(
        "each attempt has an id of its own",
        CHANNELS,
        "webhook_headers(delivery.id, body",
        'webhook_headers(f"{delivery.id}{delivery.attempt_count}", body',
        (f"{TOLD}::test_a_dead_endpoint_is_tried_for_three_days_and_then_the_message_is_a_dead_letter",),
    ),
    Mutant(
        "a rotated secret stops signing at once",
        CHANNELS,
        "[: webhook.signing_secret_count(now)]",
        "[:1]",
        (f"{TOLD}::test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_only",),
    ),
    Mutant(
        "an endpoint that is gone is told on",
        OUTCOMES,
        "        switching.switch_off(delivery.webhook_id, DisabledReason.GONE, now)",
        "        pass",
        (f"{TOLD}::test_a_receiver_that_is_gone_is_told_nothing_any_more",),
    ),
    Mutant(
        "one success does not end a row of dead letters",
        SWITCHING,
        "failing.update(dead_count=0, failing_since=None)",
        "pass",
        (f"{SWITCHED}::test_a_success_between_them_begins_the_count_anew",),
    ),
    Mutant(
        "alerts go where agents may be",
        POSTING,
        "        addresses=outbound_policy(),\n",
        "",
        (f"{AWAY}::test_an_address_inside_is_not_connected_to",),
    ),
)
