"""What sends alerts: one loop a process, in web, worker and beat alike. It needs the database, not the broker."""
