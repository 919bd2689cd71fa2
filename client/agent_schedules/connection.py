"""One server and one key: requests, pages, and what goes wrong, as errors with an exit status."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import click

from agent_schedules import VERSION

SECONDS: Final = 30
MOST_A_PAGE: Final = 100

Document = dict[str, Any]


class Refused(click.ClickException):
    """The server refused: exit status 1. `code` is the API's."""

    exit_code = 1

    def __init__(self, message: str, code: str = "") -> None:
        """The server's own sentence."""
        super().__init__(message)
        self.code = code


class Unreachable(click.ClickException):
    """There is no answer that could be read: exit status 3."""

    exit_code = 3


class _NoRedirects(HTTPRedirectHandler):
    """The API never redirects: whoever does is not the API, and must not get the key."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None: the answer stays what it is."""


_opener = build_opener(_NoRedirects)


@dataclass(frozen=True)
class Connection:
    """Where the service is, and the key that speaks for somebody."""

    url: str
    key: str

    @property
    def key_id(self) -> str:
        """The id that stands in the key: `sk-orq-<id>-<secret>`."""
        words = self.key.split("-")
        return words[2] if len(words) > 3 else ""

    def get(self, path: str, **query: Any) -> Document:
        """The document at this path; the query without what is None."""
        asked = urlencode({name.rstrip("_"): value for name, value in query.items() if value is not None})
        return self._answer("GET", f"{path}?{asked}" if asked else path)

    def post(self, path: str, body: Document | None = None, once: str = "") -> Document:
        """What the server answers. `once`: an Idempotency-Key."""
        return self._answer("POST", path, body, {"Idempotency-Key": once} if once else {})

    def pages(self, path: str, name: str, most: int, **query: Any) -> Iterator[Document]:
        """The first `most` items of a list, asked for page by page."""
        after: str | None = None
        while most > 0:
            page = self.get(path, limit=min(most, MOST_A_PAGE), after=after, **query)
            yield from page[name]
            after, most = page.get("next_after"), most - len(page[name])
            if after is None:
                return

    def _answer(
        self, method: str, path: str, body: Document | None = None, headers: Mapping[str, str] = {}
    ) -> Document:
        request = Request(  # noqa: S310 - main.py has looked at the scheme
            self.url.rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.key}",
                "User-Agent": f"agent-schedules/{VERSION}",
                **({} if body is None else {"Content-Type": "application/json"}),
                **headers,
            },
        )
        try:
            with _opener.open(request, timeout=SECONDS) as response:
                return self._document(response.read())
        except HTTPError as error:
            raise self._refusal(error, path) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"{self._place()} does not answer: {reason}") from None

    def _document(self, raw: bytes) -> Document:
        try:
            document = json.loads(raw or b"{}")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Unreachable(
                f"{self._place()} answered with something that is no JSON object; is it the service?"
            )
        return document

    def _refusal(self, error: HTTPError, path: str) -> click.ClickException:
        try:
            refusal = json.loads(error.read())["error"]
            message, code = str(refusal["message"]), str(refusal["code"])
        except (ValueError, KeyError, TypeError, OSError):
            return Unreachable(f"{self._place()} answered {path} with {error.code} and no error of the API")
        wait = error.headers.get("Retry-After")
        return Refused(f"{message} ({code})" + (f"; try again in {wait} s" if wait else ""), code)

    def _place(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def at(*names: str) -> str:
    """A path below /v3, whatever stands in its names."""
    return "/v3/" + "/".join(quote(name, safe="") for name in names)
