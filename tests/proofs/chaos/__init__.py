"""Chaos: the whole service as real processes under seeded faults, judged by the agents' own log."""
