"""A sentence of the front page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the front page. `kind`: error, warning or success; `href`: where more is said, or nothing.

    `advice`: what to do about it; `act_href`: where a POST acknowledges it, for who may.
    """

    kind: str
    words: str
    href: str = ""
    advice: str = ""
    act_href: str = ""
