"""The stock site's web application."""

from django.core.wsgi import get_wsgi_application

import tests.chaos.stock.celery  # noqa: F401  (messages are sent by this application)

application = get_wsgi_application()
