"""What may be done: each act knows how it is done to the service and what the ghost makes of its outcome."""

from tests.model.acts.act import KILLED, Act
from tests.model.acts.beats import Expire, Fire, Recover
from tests.model.acts.people import Cancel, Create, Delete, Edit, RunAgain, Trigger
from tests.model.acts.workers import Deliver, Fail, Renew, Succeed

__all__ = [
    "KILLED",
    "Act",
    "Cancel",
    "Create",
    "Delete",
    "Deliver",
    "Edit",
    "Expire",
    "Fail",
    "Fire",
    "Recover",
    "Renew",
    "RunAgain",
    "Succeed",
    "Trigger",
]
