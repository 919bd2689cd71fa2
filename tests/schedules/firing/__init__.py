"""Tests of schedules/firing."""
