"""The service's settings without the one that makes SQLite fit for several writers."""

from orqsite.settings import *  # noqa: F403
from orqsite.settings import DATABASES

DATABASES["default"]["OPTIONS"] = {**DATABASES["default"]["OPTIONS"], "transaction_mode": "DEFERRED"}
