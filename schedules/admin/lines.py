"""A sentence of the front page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the front page. `kind`: error, warning or success; `href`: where more is said, or nothing."""

    kind: str
    words: str
    href: str = ""
