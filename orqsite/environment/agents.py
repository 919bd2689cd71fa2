"""Where agents may be called, and by which way."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from orqsite.environment.group import Group
from schedules.addresses import read_policy


class Agents(Group):
    """Their networks, and the proxy."""

    agent_networks: str = Field(
        "any",
        description="addresses that agents may have: `any`, `public`, or networks beside the public ones, "
        "comma-separated; link-local and metadata addresses are always refused",
    )
    agent_proxy: SecretStr = Field(
        SecretStr(""),
        description="HTTP proxy for agent calls: its URL, or `environment` for HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
    )

    @field_validator("agent_networks")
    @classmethod
    def _readable_networks(cls, value: str) -> str:
        read_policy(value)
        return value

    @field_validator("agent_proxy")
    @classmethod
    def _reachable_proxy(cls, value: SecretStr) -> SecretStr:
        proxy = value.get_secret_value()
        if proxy not in ("", "environment") and not _is_http_address(proxy):
            raise ValueError("give a URL like http://proxy:3128, or environment")
        return value


def _is_http_address(url: str) -> bool:
    """Whether it is `http://[user:password@]host[:port]`."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
