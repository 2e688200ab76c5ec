"""`python -m hasivu_play.sandbox.aws DIRECTORY PORT` serves the AWS of one sandbox."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hasivu_play.sandbox.aws import environment


def main() -> None:
    """Serve from the folder and on the port of the command line."""
    directory, port = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    environment.prepare(directory, port)
    from hasivu_play.sandbox.aws import server  # ministack reads its environment when it is imported

    asyncio.run(server.run(directory, port))


if __name__ == "__main__":
    main()
