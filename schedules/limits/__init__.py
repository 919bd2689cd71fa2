"""How much of something is let through: rates now; see the settings `rate_…`."""
