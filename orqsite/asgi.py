"""The web process: any ASGI server with `orqsite.asgi:application`."""

import os
from importlib import import_module

from django.core.asgi import get_asgi_application

from orqsite.starting import begin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orqsite.settings")

application = get_asgi_application()
begin()
import_module("workers.ringer").begin()  # models can be imported once Django is set up, not before
