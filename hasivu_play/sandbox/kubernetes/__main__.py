"""`python -m hasivu_play.sandbox.kubernetes DIRECTORY PORT` serves the Kubernetes of the sandbox."""

from __future__ import annotations

import sys

from hasivu_play.sandbox.http_part import serve
from hasivu_play.sandbox.kubernetes.server import build

if __name__ == "__main__":
    port = int(sys.argv[2])
    serve(lambda directory: build(directory, port))
