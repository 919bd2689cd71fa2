"""Where agents may live and alerts may go: the settings, and our own database and broker, where neither may."""

from urllib.parse import urlsplit

from orqsite.environment import Environment
from schedules.addresses import Policy, read_outbound, read_policy

_PORTS = {
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
    "amqps": 5671,
}


def address_policy(environment: Environment) -> Policy:
    """The policy of this service's processes for agents."""
    return read_policy(environment.agent_networks, _own_services(environment))


def outbound_policy(environment: Environment) -> Policy:
    """Their policy for alerts."""
    return read_outbound(environment.outbound_allow, _own_services(environment))


def _own_services(environment: Environment) -> tuple[tuple[str, int], ...]:
    given = (environment.database_url, environment.redis_url, environment.broker_url)
    urls = (urlsplit(url.get_secret_value()) for url in given)
    return tuple(
        (url.hostname, url.port or _PORTS[url.scheme])
        for url in urls
        if url.hostname and url.scheme in _PORTS
    )
