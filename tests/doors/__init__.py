"""Attacks that were tried on the running service, one row of the list each, and what is right."""
