-- What a superuser prepares inside the new database.

CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pgstattuple;
CREATE EXTENSION amcheck;
CREATE EXTENSION pg_prewarm;

GRANT CREATE ON SCHEMA public TO hasivu_app;
GRANT EXECUTE ON FUNCTION pg_control_system() TO hasivu_maint;
