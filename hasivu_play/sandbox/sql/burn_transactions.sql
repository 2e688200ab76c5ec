-- Transactions pass, so that settlements really nears its own autovacuum_freeze_max_age of 100,000.
DO $$
BEGIN
    FOR n IN 1..88000 LOOP
        PERFORM pg_current_xact_id();
        COMMIT;
    END LOOP;
END
$$;
