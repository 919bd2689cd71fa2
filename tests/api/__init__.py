"""The REST API, over HTTP: one file per operation, and what holds for all of them."""
