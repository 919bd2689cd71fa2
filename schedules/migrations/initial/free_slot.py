"""Whether a call may begin, as PostgreSQL's claim asks: it belongs to the statement in `runs/claim_postgresql.py`.

It is a function because each statement in one sees what was committed until then, and the count must see what was
committed before its lock was granted.
"""

from schedules.migrations.initial.statements import on

FREE_SLOT = """
CREATE FUNCTION schedules_free_slot(
    its_workspace uuid, its_agent text, workspace_limit integer, agent_limit integer, moment timestamptz,
    is_workspace_exact boolean, is_agent_exact boolean
) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
-- Whether one more call may be in flight once this transaction has committed; a limit that is NULL is none.
-- 'free'; 'agent' or 'workspace': which of them is full; 'agent_near' or 'workspace_near': ask again, exactly.
--
-- Far from a limit, claims go on side by side. They share its lock, and each holds one of MARGIN turns: no more than
-- that many can be uncounted. Near it a claim has the lock alone, and counts exactly. `…_exact`: wait for that lock.
DECLARE
    MARGIN CONSTANT integer := 16;
    workspace_lock CONSTANT bigint := hashtextextended(its_workspace::text, 22);
    agent_lock CONSTANT bigint := hashtextextended(its_agent, 22);
    has_turn boolean := false;
    of_workspace bigint;
    of_agent bigint;
BEGIN
    IF agent_limit IS NULL THEN
        is_agent_exact := false;
    ELSIF is_agent_exact THEN
        PERFORM pg_advisory_xact_lock(agent_lock);
    ELSIF NOT pg_try_advisory_xact_lock_shared(agent_lock) THEN
        RETURN 'agent_near';
    END IF;
    IF workspace_limit IS NULL THEN
        is_workspace_exact := false;
    ELSIF is_workspace_exact THEN
        PERFORM pg_advisory_xact_lock(workspace_lock);
    ELSIF NOT pg_try_advisory_xact_lock_shared(workspace_lock) THEN
        RETURN 'workspace_near';
    END IF;
    LOOP
        IF NOT has_turn AND NOT is_workspace_exact AND NOT (is_agent_exact AND workspace_limit IS NULL) THEN
            FOR turn IN 0 .. MARGIN - 1 LOOP
                has_turn := pg_try_advisory_xact_lock(
                    hashtext(its_workspace::text), (pg_backend_pid() + turn) % MARGIN);
                EXIT WHEN has_turn;
            END LOOP;
            IF NOT has_turn THEN
                RETURN CASE WHEN workspace_limit IS NULL THEN 'agent_near' ELSE 'workspace_near' END;
            END IF;
        END IF;
        SELECT count(*), count(*) FILTER (WHERE agent_id = its_agent) INTO of_workspace, of_agent
        FROM schedules_run
        WHERE workspace_id = its_workspace AND state = 'running' AND lease_expires_at > moment;
        IF of_agent >= agent_limit THEN
            RETURN 'agent';
        ELSIF of_workspace >= workspace_limit THEN
            RETURN 'workspace';
        ELSIF of_agent >= agent_limit - MARGIN AND NOT is_agent_exact THEN
            IF NOT pg_try_advisory_xact_lock(agent_lock) THEN
                RETURN 'agent_near';
            END IF;
            is_agent_exact := true;  -- and count again: now nobody else can start one
        ELSIF of_workspace >= workspace_limit - MARGIN AND NOT is_workspace_exact THEN
            IF NOT pg_try_advisory_xact_lock(workspace_lock) THEN
                RETURN 'workspace_near';
            END IF;
            is_workspace_exact := true;
        ELSE
            RETURN 'free';
        END IF;
    END LOOP;
END
$$
"""
NO_FREE_SLOT = (
    "DROP FUNCTION schedules_free_slot(uuid, text, integer, integer, timestamptz, boolean, boolean)"
)

OPERATIONS = (on("postgresql", [FREE_SLOT], [NO_FREE_SLOT]),)
