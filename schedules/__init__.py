"""The domain of Agent Schedules: schedules, their cadences, and the runs they fire."""
