"""Tests of the adapters that call an agent."""
