"""Tests of schedules/messages."""
