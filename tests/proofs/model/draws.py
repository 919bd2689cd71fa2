"""What the rules draw. Whom an act concerns is an index that counts from the newest: the newest is concerned most."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.proofs.model.broker import LONG_QUEUE, Sending
from tests.proofs.model.cadences import RECURRING

WORKERS = ("worker-1", "worker-2")

newest_first = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 13])
moments = st.sampled_from([0, 0, 10, 60]).map(lambda seconds: timedelta(seconds=seconds))
workers = st.sampled_from(WORKERS)
cuts = st.one_of(*[st.none()] * 6, st.integers(0, 6))
sendings = st.sampled_from([Sending.ARRIVES, Sending.ARRIVES, *Sending])
once_offsets = st.sampled_from([1, 10, 60, 90, 180, -1, 0]).map(lambda minutes: timedelta(minutes=minutes))
cadences = st.sampled_from(RECURRING) | once_offsets
lengths = st.sampled_from([0, 0, 0, 0, LONG_QUEUE, None])
steps = st.sampled_from([1, 3, 10, 14, 16, 31, 61, 300, 1800]).map(lambda seconds: timedelta(seconds=seconds))
leaps = st.sampled_from([1, 1.5, 2.75, 7, 30]).map(lambda hours: timedelta(hours=hours))
kinds = st.sampled_from(
    [
        *("fire", "fire", "expire", "deliver", "deliver", "succeed", "fail", "cancel", "trigger"),
        *("rename", "recadence", "pause", "resume", "delete"),
    ]
)
