"""The web process: `gunicorn orqsite.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")

from orqsite.middleware import TolerantRequest

application = get_wsgi_application()
application.request_class = TolerantRequest
