"""Production in miniature on loopback: real PostgreSQL and Redis, emulated AWS and Kubernetes, a small HASIVU."""
