"""Tests of schedules/models."""
