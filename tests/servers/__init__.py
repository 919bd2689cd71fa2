"""The real servers the tests run on, started by the tests themselves from packages."""
