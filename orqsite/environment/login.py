"""Who comes into the console, and how."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from orqsite.environment.group import CommaSeparated, Group
from orqsite.login.roles_of_groups import read_line


class Login(Group):
    """Sessions, passwords and the provider."""

    session_idle_minutes: int = Field(
        60, ge=1, le=43_200, description="a console session ends after this time without a request"
    )
    oidc_client_id: str = Field("", description="what the OpenID Connect provider knows this service as")
    oidc_issuer: str = Field(
        "",
        description="issuer of the provider at which people may log in to the console; needs the client id",
    )
    password_login: bool = Field(
        True, description="people may log in to the console by name and password; off needs a provider"
    )
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="the secret that goes with it; empty for a public client"
    )
    oidc_name: str = Field("single sign-on", description="what people call that provider")
    oidc_scopes: str = Field("openid profile email", description="scopes that are asked for, with `openid`")
    oidc_groups_claim: str = Field(
        "groups", description="claim in which the provider names a person's groups"
    )
    oidc_roles: CommaSeparated[str] = Field(
        default_factory=list,
        description="comma-separated roles of groups: group=role@workspace, or group=superuser",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _confidential_issuer(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if value and not (
            parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_here))
        ):
            raise ValueError("give an https URL, such as https://login.example.org/realms/main")
        if value and not info.data.get("oidc_client_id"):
            raise ValueError("set ORQ_OIDC_CLIENT_ID as well")
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _with_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be among them")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _readable_roles(cls, value: list[str]) -> list[str]:
        for line in value:
            read_line(line)
        return value

    @field_validator("password_login")
    @classmethod
    def _some_way_in(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and not info.data.get("oidc_issuer"):
            raise ValueError("nobody could log in: set ORQ_OIDC_ISSUER first")
        return value
