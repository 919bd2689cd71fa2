"""Where agents may live: the setting, and our own database and broker, where none may."""

from urllib.parse import urlsplit

from orqsite.environment import Environment
from schedules.addresses import Policy, read_policy

_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}


def address_policy(environment: Environment) -> Policy:
    """The policy of this service's processes."""
    urls = (
        urlsplit(url)
        for url in (environment.database_url.get_secret_value(), environment.redis_url.get_secret_value())
    )
    services = tuple(
        (url.hostname, url.port or _PORTS[url.scheme])
        for url in urls
        if url.hostname and url.scheme in _PORTS
    )
    return read_policy(environment.agent_networks, services)
