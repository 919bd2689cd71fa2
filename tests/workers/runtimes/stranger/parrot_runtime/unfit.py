"""What looks like a runtime and is none."""

from . import ParrotRuntime


class NamelessRuntime(ParrotRuntime):
    name = ""


class NeedlessRuntime(ParrotRuntime):
    name = "needless"
    needs = None  # type: ignore[assignment]


class IdleRuntime:
    name, needs = "idle", ParrotRuntime.needs


class UsurpingRuntime(ParrotRuntime):
    name = "echo"
