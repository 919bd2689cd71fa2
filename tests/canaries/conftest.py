"""Commands are run here as in the tests of commands, and messages are told as in those of deliveries."""

from tests.commands.conftest import run
from tests.workers.delivering.conftest import loopback_is_allowed, receiver

__all__ = ["loopback_is_allowed", "receiver", "run"]
