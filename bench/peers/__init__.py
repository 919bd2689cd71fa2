"""The schedulers people use today, each in a virtual environment of its own made from PyPI."""
