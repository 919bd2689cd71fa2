"""Tests of schedules/triggering."""
