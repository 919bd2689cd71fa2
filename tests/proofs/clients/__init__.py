"""Published clients of the schedules API against this service, unchanged: only their base URL and key differ."""
