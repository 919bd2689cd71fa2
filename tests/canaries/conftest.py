"""Commands are run here as in the tests of commands."""

from tests.commands.conftest import run

__all__ = ["run"]
