"""What may be done: each act knows how it is done to the service and what the ghost makes of its outcome."""

from tests.proofs.model.acts.act import KILLED, Act
from tests.proofs.model.acts.beats import Expire, Fire, Recover
from tests.proofs.model.acts.holding import DiscardHeld, Hold, Release
from tests.proofs.model.acts.people import Cancel, Create, Delete, Edit, RunAgain, Trigger
from tests.proofs.model.acts.workers import Deliver, Fail, Renew, Succeed

__all__ = [
    "KILLED",
    "Act",
    "Cancel",
    "Create",
    "Delete",
    "Deliver",
    "DiscardHeld",
    "Edit",
    "Expire",
    "Fail",
    "Fire",
    "Hold",
    "Recover",
    "Release",
    "Renew",
    "RunAgain",
    "Succeed",
    "Trigger",
]
