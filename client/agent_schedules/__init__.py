"""The command line of Agent Schedules, over its REST API, for people with an API key."""

VERSION = "0.1.0"
