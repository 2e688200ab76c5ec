"""`python -m hasivu_play` is `hasivu-play`."""

from hasivu_play.cli import main

main(prog_name="hasivu-play")
