"""Tests that secrets stay secret: at rest, on every way out, and when the key changes."""
