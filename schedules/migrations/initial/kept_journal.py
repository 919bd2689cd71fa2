"""What makes the journal append-only: the database itself refuses to change a line, or to delete one.

PostgreSQL lets retention delete, which says so for its transaction. SQLite refuses changes only: it has no setting of
a transaction that a trigger could ask for. Emptying the whole table (TRUNCATE) is for who owns it.
"""

from schedules.migrations.initial.statements import on

IS_KEPT = """
CREATE FUNCTION schedules_journal_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('orq.journal_retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""
TRIGGER = """
CREATE TRIGGER journal_is_kept BEFORE UPDATE OR DELETE ON schedules_journalentry
FOR EACH ROW EXECUTE FUNCTION schedules_journal_is_kept()
"""
DROPPED = (
    "DROP TRIGGER journal_is_kept ON schedules_journalentry",
    "DROP FUNCTION schedules_journal_is_kept()",
)
SQLITE = """
CREATE TRIGGER journal_is_kept BEFORE UPDATE ON schedules_journalentry
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END
"""

OPERATIONS = (
    on("postgresql", [IS_KEPT, TRIGGER], DROPPED),
    on("sqlite", [SQLITE], ["DROP TRIGGER journal_is_kept"]),
)
