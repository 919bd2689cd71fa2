"""Tests of what runs in worker and beat processes."""
