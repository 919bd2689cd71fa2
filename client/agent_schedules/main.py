"""The program: the group with all its commands, in the order of an evening's work."""

from agent_schedules import looking, running, changing, asking  # noqa: F401, I001 - each adds its commands
from agent_schedules.commands import main

__all__ = ["main"]
