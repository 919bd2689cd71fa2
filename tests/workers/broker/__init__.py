"""Tests of workers/broker."""
