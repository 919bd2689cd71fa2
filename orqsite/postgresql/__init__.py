"""Django's PostgreSQL backend, with pooled connections looked at before use without asking the server each time."""
