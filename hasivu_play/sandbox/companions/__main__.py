"""`python -m hasivu_play.sandbox.companions DIRECTORY PORT` serves the companions until SIGTERM."""

from hasivu_play.sandbox.companions.app import build
from hasivu_play.sandbox.http_part import serve

serve(build)
