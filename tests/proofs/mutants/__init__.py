"""The mutant run: the service with one rule broken at a time, and the tests that must notice."""
