"""How clients and browsers reach the web process."""

from ipaddress import ip_network

from pydantic import Field, field_validator

from orqsite.environment.group import CommaSeparated, Group
from schedules.addresses import origin_of


class Web(Group):
    """Names, proxies and HTTPS."""

    debug: bool = Field(False, description="show Django's debug pages; never in production")
    allowed_hosts: CommaSeparated[str] = Field(
        default_factory=lambda: ["localhost", "127.0.0.1", "[::1]"],
        description="comma-separated host names the service answers to",
    )
    public_url: str = Field(
        "",
        description="where people reach the console, e.g. https://schedules.example.org: alerts link to it",
    )
    trusted_origins: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated origins (https://…) from which console forms are accepted",
    )
    path_prefix: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="path under which the proxy in front serves everything, such as /schedules",
    )
    static_dir: str = Field(
        "",
        description="folder of the console's collected files (`manage.py collectstatic`); "
        "default: they are served from the packages, uncompressed",
    )
    https: bool = Field(
        False,
        description="the service is behind an HTTPS proxy: secure cookies, HSTS, trust in X-Forwarded-Proto",
    )
    hsts_subdomains: bool = Field(
        False,
        description="with ORQ_HTTPS: browsers use HTTPS for all subdomains of the service's name as well",
    )
    hsts_preload: bool = Field(
        False,
        description="with ORQ_HTTPS: the service's name may be on the browsers' own lists of HTTPS names",
    )
    trusted_proxies: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated addresses or networks of proxies whose X-Forwarded-For counts; "
        "none: the address of the connection is the client's",
    )

    @field_validator("public_url")
    @classmethod
    def _linkable_console(cls, value: str) -> str:
        if value:
            origin_of(value)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _readable_proxies(cls, value: list[str]) -> list[str]:
        for each in value:
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(f"{each} is not an address or network, such as 10.0.0.0/8") from None
        return value
