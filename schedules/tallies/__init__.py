"""Tallies: runs counted by the hour they were due, exactly, and what their tokens cost.

Triggers of the database count (see models/tally.py), beats fold, an audit recounts. Nobody else writes here.
"""

from schedules.tallies.folding import BATCH, fold
from schedules.tallies.periods import Period, period
from schedules.tallies.recounting import differences
from schedules.tallies.retention import prune
from schedules.tallies.statistics import Statistics, agent_statistics

__all__ = ["BATCH", "Period", "Statistics", "agent_statistics", "differences", "fold", "period", "prune"]
