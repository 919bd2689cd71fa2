"""The group of all commands, and the options that each of them takes."""

import difflib
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import click

from agent_schedules import VERSION
from agent_schedules.connection import Connection


class Commands(click.Group):
    """A group that knows what was probably meant, and lists its commands in the order of an evening's work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command; a usage error that names the closest one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.commands, 1, 0.5)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="agent-schedules")
def main() -> None:
    """See and steer the schedules of your agents, with an API key.

    The server's address and the key come from AGENT_SCHEDULES_URL and AGENT_SCHEDULES_KEY, or from options. SCHEDULE
    is a schedule's id, or its name; RUN is a run's id.

    Exit status: 0 done, 1 refused by the server, 2 wrong usage, 3 no server, 4 the answer is bad news (a run did not
    succeed, the service is not well).
    """


def _url(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value:
        raise click.UsageError("Which server? Set AGENT_SCHEDULES_URL, or give --url")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{value!r} is no address such as https://schedules.example.org")
    return value


def _key(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value:
        raise click.UsageError("Which API key? Set AGENT_SCHEDULES_KEY, or give --key")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise click.BadParameter("this is no API key: it begins with sk-orq-")
    return value


_OPTIONS = (
    click.option(
        "--url",
        envvar="AGENT_SCHEDULES_URL",
        default="",
        callback=_url,
        help="The server's address [AGENT_SCHEDULES_URL].",
    ),
    click.option(
        "--key",
        envvar="AGENT_SCHEDULES_KEY",
        default="",
        callback=_key,
        help="An API key [AGENT_SCHEDULES_KEY].",
    ),
    click.option("--json", "is_json", is_flag=True, help="JSON for scripts, in the API's own words."),
)


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """A command's function gets `api`, a Connection, and `is_json`."""

    @wraps(function)
    def command(url: str, key: str, **rest: Any) -> None:
        function(api=Connection(url, key), **rest)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
