"""Tests of schedules/ledger."""
