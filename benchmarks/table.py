"""Showing figures to a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

COLUMNS = ("claim", "ours", "other", "ratio", "aim", "met")
VERDICTS = {True: "yes", False: "no", None: ""}


def show(name: str, figures: Sequence[Figure]) -> None:
    """Print the figures of one benchmark as a table."""
    table = Table(title=name, title_justify="left", title_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in {"claim", "met"} else "right")
    for figure in figures:
        table.add_row(*cells(figure))
    Console(highlight=False, width=150).print(table)


def show_markdown(name: str, figures: Sequence[Figure]) -> None:
    """Print the figures of one benchmark as docs/performance.md holds them."""
    print(f"| {name} | ours | other | ratio | aim | met |\n|---|---:|---:|---:|---:|---|")
    for figure in figures:
        print(f"| {' | '.join(cells(figure))} |")
    print()


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a figure as the cells of its row."""
    aim = "" if figure.aim is None else f"{figure.aim:.2f}"
    ours, other = (f"{value:.3g} {figure.unit}" for value in (figure.ours, figure.other))
    return figure.claim, ours, other, f"{figure.ratio:.2f}", aim, VERDICTS[figure.met]
