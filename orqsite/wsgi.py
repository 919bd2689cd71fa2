"""The web process: `gunicorn orqsite.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")

application = get_wsgi_application()
