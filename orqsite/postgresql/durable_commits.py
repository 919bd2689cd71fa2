"""A commit that was answered is on the disk, also where the server's own setting does not wait for it.

Only `off` can lose one when the server crashes: every other value is left as the server has it. Set for the session,
so that a reload of the server's settings does not take it back; a firing says `SET LOCAL … off` for itself.
"""

from typing import Any

import psycopg

_RAISE = """
SELECT set_config('synchronous_commit', CASE setting WHEN 'off' THEN 'on' ELSE setting END, false)
FROM current_setting('synchronous_commit') AS setting
"""


def make_durable(connection: "psycopg.Connection[Any]") -> None:
    """From now on this session's commits wait for the disk."""
    connection.execute(_RAISE)
