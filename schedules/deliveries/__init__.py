"""Endpoints, and the messages on their way to them: sent at least once, retried for three days, then kept aside."""
