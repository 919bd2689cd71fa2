"""What can be done to an object, by the word that stands in its line."""

from typing import Final

VERBS: Final = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "run_now": "run now",
    "run_again": "run again",
    "cancel": "cancelled",
    "restart": "begun again, after a wrong clock was set back",
    "finish": "finished: its last fire time is over",
    "hold": "held",
    "release": "released",
    "set_version": "given a version",
    "revoke": "revoked",
    "expire": "expired",
    "test": "sent a test",
    "replay": "sent again",
    "rotate": "sealed anew",
    "acknowledge": "acknowledged",
    "log_in": "logged in",
    "fail_log_in": "refused at the login",
}
"""By verb: what became of the object, for people."""
