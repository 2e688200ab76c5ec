"""RDS, tied to real PostgreSQL servers: what it answers is kept here, what it does is done to a server."""
