"""A recovery is measured from outside: from the first good look of the series that lasted, whatever comes between."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


class Service:
    """A small application whose health and counters the test decides."""

    def __init__(self) -> None:
        self.status, self.created, self.failed = 503, 0, 0
        self.looks: list[tuple[datetime, int]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                ready = self.path == "/ready"
                if ready:
                    outer.looks.append((datetime.now(UTC), outer.status))
                self.send_response(outer.status if ready else 200)
                self.end_headers()
                text = f"orders_created_total {outer.created}\norders_failed_total {outer.failed}\n"
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    started = Service()
    yield started
    started.server.shutdown()
    started.server.server_close()


def measure(folder: Path, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module in a process of its own."""
    known = {"directory": str(folder), "t0": "2026-11-01T05:40:00Z", "rto_target_s": 3600, "rpo_target_s": 300}
    arguments = {**known, "sample_seconds": 0.1, "budget_seconds": 60, "_ansible_check_mode": check, **options}
    code = (
        "import json, sys\nfrom ansible.module_utils.testing import patch_module_args\n"
        "from ansible_collections.hasivu.ops.plugins.modules import recovery_measure\n"
        "with patch_module_args(json.load(sys.stdin)):\n    recovery_measure.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(arguments), capture_output=True, text=True, check=False
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_service_is_good_from_the_first_good_look_of_the_series_that_lasted(service: Service, tmp_path: Path) -> None:
    def recover() -> None:
        for status in (503, 200, 503, 200):
            service.status = status
            seen = len(service.looks)
            while len(service.looks) < seen + 2:
                time.sleep(0.02)

    turning = threading.Thread(target=recover)
    turning.start()
    result = measure(tmp_path, url=f"{service.url}/ready", sustained_seconds=1.5)
    turning.join()
    last_bad = max(at for at, status in service.looks if status == 503)
    first_good = min(at for at, status in service.looks if status == 200 and at > last_bad)
    restored = moment(result["objectives"]["restored_at"])
    assert abs(restored - first_good) < timedelta(seconds=0.5)
    assert result["objectives"] == json.loads((tmp_path / "objectives.json").read_text())
    assert result["objectives"]["rto_s"] == pytest.approx((restored - moment("2026-11-01T05:40:00Z")).total_seconds())
    assert result["objectives"]["met"] == {"rto": False, "rpo": None}


def test_a_later_step_goes_on_with_the_series_and_a_rise_of_errors_begins_it_anew(
    service: Service, tmp_path: Path
) -> None:
    service.status, service.created = 200, 100
    look = {"url": f"{service.url}/ready", "metrics_url": f"{service.url}/metrics"}
    begun = measure(tmp_path, state="begun", sustained_seconds=600, **look)
    assert len(service.looks) == 1
    service.created += 50
    measured = measure(tmp_path, sustained_seconds=0.2, **look)
    assert measured["objectives"]["restored_at"] == begun["service"]["good_since"]
    service.failed += 40
    anew = measure(tmp_path, sustained_seconds=0.2, **look)
    assert moment(anew["objectives"]["restored_at"]) > moment(begun["service"]["good_since"])


def test_a_service_that_stays_bad_ends_as_resumable_and_measures_nothing(service: Service, tmp_path: Path) -> None:
    result = measure(tmp_path, url=f"{service.url}/ready", sustained_seconds=1, budget_seconds=0.3)
    assert (result["failed"], result["stop"]) == (True, "resumable")
    assert "503" in result["msg"]
    assert not list(tmp_path.iterdir())


def test_a_rehearsal_looks_once_and_writes_nothing(service: Service, tmp_path: Path) -> None:
    service.status = 200
    result = measure(tmp_path, check=True, url=f"{service.url}/ready")
    assert (len(service.looks), result["objectives"]["rto_s"], list(tmp_path.iterdir())) == (1, None, [])


def test_a_drill_gives_its_times_and_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    lost = {"last_committed": {"at": "2026-11-01T05:39:59Z"}, "newest_recovered": {"at": "2026-11-01T05:39:47.5Z"}}
    found = measure(tmp_path, restored_at="2026-11-01T06:10:00Z", about={"drill": True}, **lost)["objectives"]
    assert (found["rto_s"], found["rpo_s"], found["drill"]) == (1800, 11.5, True)
    assert found["met"] == {"rto": True, "rpo": True}
    wrong = measure(tmp_path, restored_at="2026-11-01T06:10:00")
    assert (wrong["stop"], "restored_at is no time" in wrong["msg"]) == ("bad_input", True)
