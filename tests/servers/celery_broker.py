"""The broker of this process's Celery, changed for a while."""

from typing import Any

from celery import current_app
from django.conf import settings
from kombu import pools
from pydantic import SecretStr

from orqsite.broker import celery_settings
from orqsite.servers.broker_url import read_broker_url


def use_broker(url: str) -> None:
    """From now on it is the one of this URL, wired as by BROKER_URL."""
    app: Any = current_app
    own = settings.ORQ.model_copy(update={"broker_url": SecretStr(read_broker_url(url))})
    wired = {name: value for name, value in celery_settings(own).items() if name.startswith("broker_")}
    told = wired["broker_url"]
    app.conf.update(**wired, broker_write_url=told, broker_read_url=told)
    pools.reset()
    app._pool = app.amqp._producer_pool = None
