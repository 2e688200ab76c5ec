"""A small HASIVU, web and API: each pod of its two Deployments is a worker of its own in one process."""
