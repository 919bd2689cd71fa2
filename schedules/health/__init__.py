"""Whether work can be done: database and broker take writes, beats and workers are there, nothing is overdue."""
