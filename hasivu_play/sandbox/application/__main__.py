"""`python -m hasivu_play.sandbox.application DIRECTORY PORT` serves the application until SIGTERM."""

from hasivu_play.sandbox.application.app import build
from hasivu_play.sandbox.http_part import serve

serve(build)
