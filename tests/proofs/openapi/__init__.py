"""The linters that others hold against an API's description. A lane of its own: they need Node."""
