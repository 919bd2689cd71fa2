"""What a browser does with a page: find a form and send its fields back as they were."""

from html.parser import HTMLParser
from typing import Any


def text_of(response: Any) -> str:
    """The page as text."""
    content: bytes = response.content
    return content.decode()


def messages_of(response: Any) -> list[str]:
    """What the page tells the person at its top."""
    return [str(message) for message in response.context["messages"]]


def island_of(response: Any, name: str) -> Any:
    """What an island of the front page was made of."""
    return next(island.context for island in response.context["islands"] if island.name == name)


def form_of(response: Any, form_id: str) -> dict[str, str]:
    """The successful controls of a form: names and the values a browser would send."""
    reader = _Form(form_id)
    reader.feed(text_of(response))
    return reader.values


def forms_to(response: Any) -> set[str]:
    """Where the page's POST forms and their buttons lead."""
    reader = _Actions()
    reader.feed(text_of(response))
    return reader.actions


def addresses_of(response: Any) -> set[str]:
    """What a browser fetches by itself to show the page."""
    reader = _Addresses()
    reader.feed(text_of(response))
    return reader.addresses


class _Form(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self._id = form_id
        self._is_inside = False
        self._open = ""  # the select or textarea that is being read
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._is_inside = attributes.get("id") == self._id
        elif self._is_inside and "disabled" not in attributes:
            self._read(tag, attributes)

    def _read(self, tag: str, attributes: dict[str, str | None]) -> None:
        name = attributes.get("name") or ""
        if tag == "input" and name:
            is_box = attributes.get("type") in {"checkbox", "radio"}
            if attributes.get("type") != "submit" and (not is_box or "checked" in attributes):
                self.values[name] = attributes.get("value") or ("on" if is_box else "")
        elif tag in {"select", "textarea"} and name:
            self._open = name
            if "multiple" not in attributes:  # of several, those that are chosen are sent; of none, nothing
                self.values[name] = ""
        elif tag == "option" and self._open and "selected" in attributes:
            self.values[self._open] = attributes.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._open and self.lasttag == "textarea":
            self.values[self._open] += data.replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag in {"select", "textarea"}:
            self._open = ""


class _Actions(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form" and attributes.get("method") == "post" and attributes.get("action"):
            self.actions.add(attributes["action"] or "")
        if tag == "button" and attributes.get("formaction"):
            self.actions.add(attributes["formaction"] or "")


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("src"):
            self.addresses.add(attributes["src"] or "")
        if tag == "link" and attributes.get("href"):
            self.addresses.add(attributes["href"] or "")
