"""`rotate_api_key`: a key's successor; its token alone is printed, and the old key goes on for a while."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules import api_keys
from schedules.database.clock import database_now
from schedules.errors import Refused
from schedules.management.arguments import duration, lifetime
from schedules.management.database_errors import explained_database_errors


def overlap(text: str) -> timedelta:
    """A duration, or `none`: the old key is revoked at once."""
    return timedelta(0) if text == "none" else duration(text)


class Command(BaseCommand):
    """Rotate an API key."""

    help = "Issue the successor of an API key and print its token, which cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key_id", metavar="ID", help="the key's id: apk_…, or without apk_")
        parser.add_argument(
            "--overlap",
            type=overlap,
            default=api_keys.OVERLAP,
            metavar="7d",
            help="how long the old key goes on: 12h, 7d, or none; default: 7d",
        )
        parser.add_argument(
            "--expires-in",
            type=lifetime,
            default=api_keys.LIFETIME,
            metavar="30d",
            help="of the new key: 12h, 30d, 4w or never; default: 365d",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        new_lifetime = options["expires_in"]
        try:
            with explained_database_errors():
                now = database_now()
                issued = api_keys.rotate(
                    options["key_id"].removeprefix("apk_"),
                    now,
                    overlap=options["overlap"],
                    expires_at=now + new_lifetime if new_lifetime else None,
                    created_by="command",
                )
        except Refused as refusal:
            raise CommandError(f"{refusal}.") from None
        self.stdout.write(issued.token)
