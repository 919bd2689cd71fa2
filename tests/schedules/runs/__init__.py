"""Tests of schedules/runs."""
