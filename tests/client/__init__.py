"""The command line for people with a key, as a program of its own against a real service."""
