"""Tests of schedules/limits."""
