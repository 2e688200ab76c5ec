"""The database modules on the older versions of PostgreSQL that this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_index_info, db_index_repair, db_query_info, db_sessions
from throwaway import create_server, older_programs, run_module


@pytest.mark.parametrize("programs", older_programs(), ids=lambda path: path.parent.name)
def test_every_module_answers_on_it(tmp_path: Path, programs: Path) -> None:
    server = create_server(tmp_path, programs)
    try:
        with server.connect() as session:
            session.execute("CREATE TABLE orders (id int PRIMARY KEY, total int)")
            session.execute("CREATE INDEX by_total ON orders (total)")
            session.execute("CREATE INDEX by_total_again ON orders (total)")
            session.execute("INSERT INTO orders VALUES (1, 1), (2, 1)")
            with pytest.raises(Exception, match="could not create unique index"):
                session.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON orders (total)")
            session.execute("DELETE FROM orders WHERE id = 2")
            session.execute("SELECT pg_create_physical_replication_slot('forgotten', true)")
            login = server.login()
            version = run_module(db_query_info.main, query="SELECT current_setting('port') AS port", **login)
            assert version["rows"] == [{"port": str(server.port)}]
            sessions = run_module(db_sessions.main, **login)
            assert [holder["id"] for holder in sessions["holders"]] == ["forgotten"]
            health = run_module(db_index_info.main, unused_days=0, **login)
            assert [entry["index"] for entry in health["duplicates"]] == ["public.by_total_again"]
            assert [entry["index"] for entry in health["invalid"]] == ["public.broken"]
            repaired = run_module(db_index_repair.main, **login)
            assert [row["outcome"] for row in repaired["indexes"]] == ["rebuilt"]
    finally:
        server.stop()
