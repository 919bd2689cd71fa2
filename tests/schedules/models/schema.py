"""What a database holds for the app besides rows, as lines of text that are compared."""

import re
from typing import Final

from django.db import connection

_POSTGRESQL: Final = """
SELECT format('%s.%s: %s, %s, %s, %s', attrelid::regclass, row_number() OVER (PARTITION BY attrelid ORDER BY attnum),
    attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END,
    coalesce(pg_get_expr(adbin, adrelid), attidentity::text)) AS line
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
    AND attrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'schedules!_%' ESCAPE '!' AND relkind = 'r')
UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'schedules!_%' ESCAPE '!'
UNION ALL SELECT format('%s: %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE contype <> 'n' AND conrelid::regclass::text LIKE 'schedules!_%' ESCAPE '!'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'schedules!_%' ESCAPE '!'
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'schedules!_%' ESCAPE '!'
"""
_SQLITE: Final = """
SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'schedules!_%' ESCAPE '!' AND sql <> ''
    AND NOT (type = 'trigger' AND name LIKE 'schedules!_%' ESCAPE '!')  -- made after each migration
"""


def schema() -> list[str]:
    """Columns, indexes, constraints, triggers and functions; on PostgreSQL columns in their order."""
    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL if is_postgresql else _SQLITE)
        lines = [line for (line,) in cursor.fetchall()]
    return sorted(lines if is_postgresql else map(_sorted, lines))


def _sorted(definition: str) -> str:
    """SQLite makes a table anew for a change, and its columns come in another order then."""
    return "\n".join(sorted(re.split(r', (?="\w+" |CONSTRAINT )|(?<=\w") \(|\)$', definition)))
