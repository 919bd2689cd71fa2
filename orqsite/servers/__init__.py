"""How the URLs of Redis and of the broker are read: once, for Celery and for our own connections alike."""
