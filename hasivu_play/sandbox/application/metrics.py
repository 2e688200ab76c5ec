"""Counters and gauges of the application, as Prometheus reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hasivu_play.sandbox.application.fleet import Worker

CONTENT_TYPE = "text/plain; version=0.0.4"


class Metrics:
    """What the application counts while it runs."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.requests: Counter[tuple[str, int]] = Counter()
        self.menus: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()
        self.orders_created = 0
        self.orders_failed = 0

    def render(self, workers: Iterable[Worker]) -> str:
        """Return every metric in the text format."""
        pools = [(f'deployment="{worker.deployment}",pod="{worker.name}"', worker.pool) for worker in workers]
        requests = [
            (f'action="{action}",status="{status}"', count) for (action, status), count in sorted(self.requests.items())
        ]
        return "".join(
            [
                family("http_requests_total", "counter", "Requests answered.", requests),
                family("orders_created_total", "counter", "Orders placed.", [("", self.orders_created)]),
                family("orders_failed_total", "counter", "Orders not placed.", [("", self.orders_failed)]),
                family("menu_cache_requests_total", "counter", "Menus looked for in Redis.", by("result", self.menus)),
                family("reports_archived_total", "counter", "Reports sent to S3.", by("result", self.reports)),
                family("db_pool_in_use", "gauge", "Lent connections.", [(name, pool.in_use) for name, pool in pools]),
                family("db_pool_size", "gauge", "Most connections.", [(name, pool.size) for name, pool in pools]),
            ]
        )


def by(label: str, counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the samples of a counter, one for each value of a label."""
    return [(f'{label}="{value}"', count) for value, count in sorted(counts.items())]


def family(name: str, kind: str, text: str, samples: Iterable[tuple[str, int]]) -> str:
    """Return one metric with its samples."""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"
