"""`python -m agent_schedules` is the command `agent-schedules`."""

from agent_schedules.main import main

main(prog_name="agent-schedules")
