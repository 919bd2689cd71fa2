"""How much of something is let through: requests (the settings `rate_…`), and calls in flight."""
