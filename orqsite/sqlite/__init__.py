"""The backend for SQLite: Django's, with a file for its owner only."""
