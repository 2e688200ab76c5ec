-- The roles of the platform. Passwords are set apart from this, as verifiers that the client computes.

CREATE ROLE hasivu_app NOLOGIN;
CREATE ROLE hasivu_app_a LOGIN IN ROLE hasivu_app;
CREATE ROLE hasivu_app_b LOGIN IN ROLE hasivu_app;
CREATE ROLE hasivu_monitor LOGIN IN ROLE pg_monitor;
CREATE ROLE hasivu_maint LOGIN IN ROLE hasivu_app, pg_monitor, pg_signal_backend;
CREATE ROLE hasivu_rotator LOGIN CREATEROLE IN ROLE pg_monitor, pg_signal_backend;
CREATE ROLE hasivu_admin LOGIN CREATEROLE CREATEDB IN ROLE hasivu_app, pg_monitor, pg_signal_backend;
-- An export of long ago, made in a hurry; nobody has set a password since.
CREATE ROLE nightly_export LOGIN SUPERUSER;

-- Whichever of the two logins creates an object, it belongs to the application.
ALTER ROLE hasivu_app_a SET role TO hasivu_app;
ALTER ROLE hasivu_app_b SET role TO hasivu_app;
ALTER ROLE hasivu_monitor SET default_transaction_read_only TO on;

-- The rotator changes logins and has none of their rights; before PostgreSQL 16 CREATEROLE alone is enough.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 160000 THEN
        GRANT hasivu_app_a, hasivu_app_b, hasivu_monitor TO hasivu_rotator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
        -- The master user of RDS has made the roles, so it administers them.
        GRANT hasivu_app_a, hasivu_app_b, hasivu_monitor, hasivu_maint, hasivu_rotator
            TO hasivu_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    END IF;
    IF current_setting('server_version_num')::integer >= 150000 THEN
        GRANT SET ON PARAMETER log_statement, log_min_duration_statement, log_min_error_statement,
            pg_stat_statements.track_utility TO hasivu_rotator;
    END IF;
END
$$;

-- PostgreSQL 17 separates the right to maintain from ownership.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        GRANT pg_maintain TO hasivu_maint;
    END IF;
END
$$;
