"""`rotate_secrets`: after a new encryption key was put in front, seal every stored secret with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from schedules import journal
from schedules.management.database_errors import explained_database_errors
from schedules.secrets import known_keys
from schedules.secrets.rotation import rotate


class Command(BaseCommand):
    """Seal every secret anew."""

    help = (
        "Seal every stored secret with the newest encryption key. Nothing has to be stopped; safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable: list[str] = []
        resealed_count = 0
        with explained_database_errors():
            for rotated in rotate():
                self.stdout.write(f"{rotated.kind}s: {rotated.resealed_count} resealed")
                unreadable += rotated.unreadable
                resealed_count += rotated.resealed_count
            if not unreadable and not resealed_count:
                known_keys.retire_all_but_newest()
            journal.record_act(
                "rotate", "secrets", changes=journal.first_values({"resealed_count": resealed_count})
            )
        for secret in unreadable:
            self.stdout.write(f"no key opens {secret}")
        if unreadable:
            raise CommandError(
                f"{len(unreadable)} secret(s) were left unchanged: configure their key, or enter them again."
            )
