"""The dashboards that Grafana holds, one for each kind of number in the operations manual."""

from __future__ import annotations

from typing import Any

PANELS = {
    "hasivu-application": ("HASIVU Application", ["API response time p95", "Error rate", "Availability", "Throughput"]),
    "hasivu-business": ("HASIVU Business", ["Order success rate", "Payment success rate", "RFID verification rate"]),
    "hasivu-database": ("HASIVU Database", ["Connections", "Dead rows", "Transaction age", "Replica lag"]),
    "hasivu-infrastructure": ("HASIVU Infrastructure", ["CPU", "Memory", "Queue depth", "Lambda errors"]),
}


def dashboard(uid: str, title: str, panels: list[str]) -> dict[str, Any]:
    """Return a dashboard with one time series for each panel."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["hasivu"],
        "timezone": "Asia/Kolkata",
        "schemaVersion": 41,
        "version": 1,
        "panels": [{"id": number, "type": "timeseries", "title": name} for number, name in enumerate(panels, start=1)],
    }


DASHBOARDS = {uid: dashboard(uid, title, panels) for uid, (title, panels) in PANELS.items()}
