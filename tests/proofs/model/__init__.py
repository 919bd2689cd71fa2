"""The model-based test: a state machine does what may happen, a ghost knows what must have come of it."""
