"""The write of a verification is made with the application's own login and leaves nothing behind."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.hasivu.ops.plugins.modules import db_verification
from support.sandbox import PROJECT, Sandbox

pytestmark = pytest.mark.xdist_group("verification")
INVENTORY = yaml.safe_load(
    (PROJECT / "inventory" / "sandbox" / "group_vars" / "all" / "recovery_verification.yml").read_text()
)
DECLARED = INVENTORY["recovery_verification"]


@pytest.fixture(autouse=True)
def credentials(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(sandbox.home / "sandbox" / "credentials" / "aws"))


def verify(sandbox: Sandbox, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    where = sandbox.endpoints()["postgresql"]
    login = {
        "host": where["host"],
        "port": where["port"],
        "database": where["database"],
        "user": "hasivu_maint",
        "password": sandbox.credential("database_hasivu_maint"),
        "sslmode": "disable",
    }
    asked = {
        **login,
        "old": login,
        "restore_time": datetime.now(UTC).isoformat(),
        "tables": DECLARED["tables"],
        "invariants": DECLARED["invariants"],
        "prewarm": DECLARED["prewarm"],
        "application_secret_id": DECLARED["application_secret_id"],
        "write_table": DECLARED["write_table"],
        "region": "ap-south-1",
        "endpoint_url": sandbox.endpoints()["aws"]["url"],
        "_ansible_check_mode": check_mode,
        **options,
    }
    printed = io.StringIO()
    with patch_module_args(asked), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        db_verification.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def probe(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(check for check in result["checks"] if check["name"] == "write_probe")
    return found


def test_the_maintainer_may_verify_everything_and_the_application_can_write(sandbox: Sandbox) -> None:
    same = "SELECT md5(string_agg(o::text || ctid::text, ',' ORDER BY id)) FROM orders o WHERE id < 500"
    before = sandbox.value(same)
    result = verify(sandbox)
    assert not result.get("failed"), result["msg"]
    assert probe(result)["ok"] is True
    assert "hasivu_app" in probe(result)["detail"]
    assert sandbox.value(same) == before


def test_an_application_that_cannot_write_stops_the_cutover(sandbox: Sandbox) -> None:
    quick: dict[str, Any] = {"tables": [], "invariants": [], "prewarm": []}
    refused = verify(sandbox, write_table="public.nothing", **quick)
    assert (probe(refused)["ok"], refused["failing"], refused["stop"]) == (False, ["write_probe"], "resumable")
    unread = verify(sandbox, application_secret_id="hasivu/sandbox/nobody", **quick)
    assert (probe(unread)["ok"], unread["failing"]) == (None, ["write_probe"])
    assert probe(verify(sandbox, check_mode=True, **quick))["skipped"]
    for result in (refused, unread):
        assert not any(secret in str(result) for secret in sandbox.secrets().values())
