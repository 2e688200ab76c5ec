"""Run benchmarks by name, all of them without one, and print what they found."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping

from benchmarks import driver, engines, manual, recovery, rehearse, security, site, start, steps, vacuum
from benchmarks.clock import tell
from benchmarks.figure import Figure
from benchmarks.programs import BenchmarkError
from benchmarks.table import show, show_markdown

BENCHMARKS: Mapping[str, Callable[[int], list[Figure]]] = {
    "start": start.measure,
    "steps": steps.measure,
    "engines": engines.measure,
    "driver": driver.measure,
    "manual": manual.measure,
    "security": security.measure,
    "rehearse": rehearse.measure,
    "site": site.measure,
    "vacuum": vacuum.measure,
    "recovery": recovery.measure,
}
ROUNDS = {
    "start": 15,
    "steps": 3,
    "engines": 3,
    "driver": 7,
    "manual": 5,
    "security": 3,
    "rehearse": 3,
    "site": 3,
    "vacuum": 5,
    "recovery": 1,
}


def main() -> int:
    """Measure what was asked for; a figure that misses its aim is still a figure, a program that fails is not."""
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox of the moment is ended too
    found: dict[str, list[Figure]] = {}
    try:
        for name in arguments.names or BENCHMARKS:
            tell(f"{name}:")
            found[name] = BENCHMARKS[name](arguments.rounds or ROUNDS[name])
            if arguments.show:
                arguments.show(name, found[name])
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if not arguments.show:
        print(json.dumps({name: [figure.as_json() for figure in figures] for name, figures in found.items()}, indent=2))
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all without one")
    parser.add_argument("--rounds", type=int, help="how often to repeat; few rounds are a trial, not a figure")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="show", action="store_const", const=None, help="print JSON instead of tables")
    form.add_argument(
        "--markdown", dest="show", action="store_const", const=show_markdown, help="print Markdown tables"
    )
    parser.set_defaults(show=show)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
