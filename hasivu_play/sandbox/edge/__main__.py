"""`python -m hasivu_play.sandbox.edge DIRECTORY PORT` serves the front door until SIGTERM."""

import sys

from hasivu_play.sandbox.edge.app import build
from hasivu_play.sandbox.edge.terminator import context_for
from hasivu_play.sandbox.http_part import serve

serve(lambda directory: build(directory, int(sys.argv[2])), context_for)
