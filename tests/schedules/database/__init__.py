"""Tests of schedules/database."""
