"""Generated requests for every operation, sent to the running service: no answer may break the description."""
