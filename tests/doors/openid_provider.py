"""A real OpenID Connect provider, in an environment of its own, and a person who logs in there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from orqsite.embedded.children import Child
from orqsite.embedded.ports import LOOPBACK, free_port
from tests.environments import ROOT, python_in
from tests.waiting import wait_for


class Provider:
    """The running provider."""

    def __init__(self, url: str) -> None:
        self.url = url

    def knows(self, subject: str, **claims: Any) -> None:
        """There is this person, with these claims."""
        httpx2.put(f"{self.url}/users/{subject}", json=claims, trust_env=False).raise_for_status()

    def confirmed(self, address: str, subject: str) -> str:
        """Where the provider sends a browser that went to this address, once the person has logged in there."""
        with httpx2.Client(trust_env=False, timeout=20) as browser:
            browser.get(address).raise_for_status()
            answer = browser.post(address, data={"sub": subject})
        assert answer.status_code in (302, 303), answer.text
        return str(answer.headers["Location"])

    def is_there(self) -> bool:
        """Whether it answers."""
        with suppress(httpx2.TransportError):
            address = f"{self.url}/.well-known/openid-configuration"
            return httpx2.get(address, trust_env=False).status_code == 200
        return False


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """A provider that anybody may use as a client."""
    port = free_port()
    provider = Provider(f"http://{LOOPBACK}:{port}")
    python = python_in("openid-provider", "openid-provider")
    with (folder / "provider.log").open("ab") as log:
        child = Child(
            [str(python), "-m", "oidc_provider_mock", "--port", str(port)],
            env={"PATH": "/usr/bin:/bin"},
            cwd=ROOT,
            output=log,
        )
        try:
            wait_for(provider.is_there, 30, "the provider")
            yield provider
        finally:
            child.kill()
