"""Which version of Agent Schedules this is: the one place that reads the one place that says it, pyproject.toml.

The file lies beside the packages in a checkout and in the image alike; nothing is installed under the
project's name, so there is no metadata to ask. A tree without it is half a copy and does not start.
"""

import tomllib
from pathlib import Path
from typing import Final

_PROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"

VERSION: Final[str] = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
