-- What a superuser prepares inside the new database.

CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pgstattuple;
CREATE EXTENSION amcheck;
CREATE EXTENSION pg_prewarm;

GRANT CREATE ON SCHEMA public TO hasivu_app;
GRANT EXECUTE ON FUNCTION pg_control_system() TO hasivu_maint;

-- Who brings rows back keeps what they overwrote in a schema of its own.
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO hasivu_maint', current_database());
END
$$;

-- Who verifies a restored database reads its checkpoint, and every index, table and block of it.
GRANT EXECUTE ON FUNCTION pg_control_checkpoint() TO hasivu_maint;
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN
        SELECT d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
        WHERE d.deptype = 'e' AND d.classid = 'pg_proc'::regclass AND e.extname IN ('amcheck', 'pg_prewarm')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hasivu_maint', one);
    END LOOP;
END
$$;
