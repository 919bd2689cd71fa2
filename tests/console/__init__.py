"""Tests of the operator console, over Django's test client."""
