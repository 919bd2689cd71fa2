-- A role for the service that may read and write rows and nothing else; who runs this owns the tables and migrates.
-- Compose runs it when it makes the database; on one that is there already it may be run again at any time:
--   SERVICE_PASSWORD=... psql --file deploy/postgresql/service_role.sql
\set ON_ERROR_STOP on
\getenv password SERVICE_PASSWORD

SELECT 'CREATE ROLE agent_schedules_service LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'agent_schedules_service')
\gexec
ALTER ROLE agent_schedules_service PASSWORD :'password';

GRANT USAGE ON SCHEMA public TO agent_schedules_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO agent_schedules_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO agent_schedules_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO agent_schedules_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO agent_schedules_service;
