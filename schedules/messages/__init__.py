"""What leaves for Celery: doorbells, after commit."""
