"""Payloads and their secrets: the shape, what is sealed at rest, what is masked on the way out."""
