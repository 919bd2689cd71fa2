"""Servers that others wrote, out of Debian's packages (`manage.py test --servers`)."""
