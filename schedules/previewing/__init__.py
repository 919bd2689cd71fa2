"""What is to come: when something would fire, what an edit would change, and who fires at the same instant."""

from schedules.previewing.effect import Effect, effect_of
from schedules.previewing.fire_times import Preview, Window, preview_expression, preview_schedule
from schedules.previewing.herd import HERD, Herd, herd_at

__all__ = [
    "HERD",
    "Effect",
    "Herd",
    "Preview",
    "Window",
    "effect_of",
    "herd_at",
    "preview_expression",
    "preview_schedule",
]
