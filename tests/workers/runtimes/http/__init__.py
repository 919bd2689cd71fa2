"""Tests of workers/runtimes/http."""
