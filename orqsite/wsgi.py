"""The web process: `gunicorn orqsite.wsgi`."""

import os
import sys
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from orqsite.environment import SettingInvalid
from orqsite.starting import begin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")

BOOT_ERROR = 3
"""What gunicorn takes as: starting it again would not help."""

try:
    from orqsite.middleware import TolerantRequest

    application = get_wsgi_application()
    begin()
    import_module("workers.ringer").begin()  # models can be imported once Django is set up, not before
except SettingInvalid as refusal:
    print(refusal, file=sys.stderr, flush=True)
    sys.exit(BOOT_ERROR)
application.request_class = TolerantRequest
