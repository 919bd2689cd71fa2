"""Tests of workers/tracing."""
