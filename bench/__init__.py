"""Benchmarks beside peers: `python3 manage.py bench NAME` prints a table and writes JSON."""
