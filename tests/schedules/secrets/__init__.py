"""Tests of schedules/secrets."""
