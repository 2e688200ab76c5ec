"""A scanner is believed only where it looked: programs that answer well, badly, late or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import multiprocessing
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scans.scanning import (
    DIGEST,
    IMAGE,
    Fake,
    artifacts,
    everything,
    kept,
    keys,
    planted_key,
    repository,
    sample,
    scan,
)

NOW = datetime.now(UTC)
FRESH = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
PROGRAMS = Path(sys.executable).parent


def trivy_answers(**changed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    good = {
        "version": {"out": sample("trivy-version.json", UPDATED=FRESH)},
        "cyclonedx": {"out": sample("cyclonedx.json")},
        "config": {"out": sample("trivy-config.json"), "code": 10},
        "image": {"out": sample("trivy-image.json"), "code": 10},
    }
    return {**good, **changed}


def image_scan(tmp_path: Path, answers: dict[str, dict[str, Any]], **options: Any) -> tuple[dict[str, Any], Fake]:
    fake = Fake.make(tmp_path, "trivy", answers)
    tool = {"program": str(fake.path), "version": "0.74.0", **options.pop("tool", {})}
    record = tmp_path / options.pop("record", "record")
    return scan(record, scanners=["trivy-image"], tools={"trivy": tool}, **options), fake


def test_an_image_is_scanned_by_digest_and_its_hits_have_severity_fix_and_deadline(tmp_path: Path) -> None:
    result, fake = image_scan(tmp_path, trivy_answers())
    critical, secret, medium = sorted(result["findings"], key=lambda found: (found["severity"], found["key"]))
    assert critical["key"] == "CVE-2021-36159"
    assert "No fix is published" in critical["do"]
    assert critical["where"].startswith(f"apk-tools@2.10.4-r2 in {DIGEST}/")
    assert secret["key"] == "secret-aws-access-key-id"
    assert medium["key"] == "CVE-2019-1549"
    assert "1.1.1d-r0" in medium["do"]
    days = {found["key"]: datetime.fromisoformat(found["deadline"]).date() for found in result["findings"]}
    assert 6 <= (days["CVE-2021-36159"] - NOW.date()).days <= 8
    assert 89 <= (days["CVE-2019-1549"] - NOW.date()).days <= 91
    assert any(IMAGE in call["arguments"] for call in fake.called())
    assert (tmp_path / "record" / kept(tmp_path / "record")[0]["bill"]).exists()
    assert "QUOTED-BY-TRIVY" not in everything(tmp_path / "record") + json.dumps(result)


def test_a_scanner_gets_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-planted-secret")
    monkeypatch.setenv("KUBECONFIG", "/root/.kube/config")
    tool = {"environment": {"TRIVY_DB_REPOSITORY": "mirror.example/trivy-db"}}
    _, fake = image_scan(tmp_path, trivy_answers(), tool=tool)
    for call in fake.called():
        quiet = {"TRIVY_DISABLE_TELEMETRY", "TRIVY_SKIP_VERSION_CHECK"}
        expected = {"PATH", "HOME", "TMPDIR", "LANG", "TRIVY_DB_REPOSITORY"}
        assert set(call["environment"]) - {"LC_CTYPE"} == expected | quiet
        assert not Path(call["environment"]["HOME"]).exists()
        assert "a-planted-secret" not in json.dumps(call)


def test_a_scanner_that_is_to_get_a_credential_is_not_run(tmp_path: Path) -> None:
    result, fake = image_scan(tmp_path, trivy_answers(), tool={"environment": {"TRIVY_PASSWORD": "x"}})
    assert keys(result) == {"scanner-not-trusted"}
    assert not fake.calls.exists()


BAD = {
    "malformed": ({"out": '{"SchemaVersion": 2, "Results": [', "code": 0}, "no JSON"),
    "nothing after a failed pull": (
        {"out": '{"SchemaVersion": 2}', "code": 0, "err": "unable to pull"},
        "without results",
    ),
    "silence": ({"out": "", "code": 0}, "no JSON"),
    "no packages": (
        {
            "out": json.dumps(
                {
                    "SchemaVersion": 2,
                    "Metadata": {"RepoDigests": [IMAGE]},
                    "Results": [{"Target": "x", "Class": "secret"}],
                }
            )
        },
        "looked at nothing",
    ),
    "another image": ({"out": sample("trivy-image.json").replace(DIGEST, "sha256:" + "0" * 64)}, "another image"),
    "failure": ({"code": 1, "err": "FATAL manifest unknown\n"}, "manifest unknown"),
    "form of the future": ({"out": '{"SchemaVersion": 3, "Results": []}'}, "form 2"),
    "a list of numbers": ({"out": json.dumps({"SchemaVersion": 2, "Results": [1]})}, ""),
}


@pytest.mark.parametrize("case", BAD)
def test_an_answer_that_is_no_report_is_unknown_and_never_clean(tmp_path: Path, case: str) -> None:
    answer, reason = BAD[case]
    result, _ = image_scan(tmp_path, trivy_answers(image=answer))
    (found,) = result["findings"]
    assert (found["key"], found["severity"]) == ("scan-failed", "high")
    assert reason in found["what"]
    assert len(result["unknown"]) == 1


def test_a_scan_that_takes_too_long_is_ended_and_unknown(tmp_path: Path) -> None:
    result, _ = image_scan(tmp_path, trivy_answers(image={"sleep": 60}), scan_seconds=1)
    assert keys(result) == {"scan-failed"}
    assert "within 1 seconds" in result["findings"][0]["what"]


def test_what_the_time_does_not_reach_is_unknown(tmp_path: Path) -> None:
    result, _ = image_scan(tmp_path, trivy_answers(), budget_min=0)
    assert "the time is over" in result["findings"][0]["what"]


def test_a_missing_scanner_is_a_finding_and_never_a_pass(tmp_path: Path) -> None:
    result = scan(tmp_path / "record", scanners=["trivy-image"], tools={"trivy": {"program": "/nowhere/trivy"}})
    assert keys(result) == {"scanner-missing"}
    assert result["findings"][0]["severity"] == "high"
    assert len(result["unknown"]) == 1


def test_the_compromised_release_of_trivy_is_refused_by_name(tmp_path: Path) -> None:
    answers = trivy_answers(version={"out": sample("trivy-version.json", UPDATED=FRESH).replace("0.74.0", "0.69.4")})
    result, fake = image_scan(tmp_path, answers, tool={"version": ""})
    assert keys(result) == {"scanner-not-trusted"}
    assert "CVE-2026-33634" in result["findings"][0]["what"]
    assert [call for call in fake.called() if "image" in call["arguments"]] == []


def test_a_program_with_another_digest_is_not_even_asked_for_its_version(tmp_path: Path) -> None:
    result, fake = image_scan(tmp_path, trivy_answers(), tool={"sha256": "0" * 64})
    assert keys(result) == {"scanner-not-trusted"}
    assert result["findings"][0]["severity"] == "critical"
    assert not fake.calls.exists()


def test_a_program_with_the_pinned_digest_is_run(tmp_path: Path) -> None:
    fake = Fake.make(tmp_path, "trivy", trivy_answers())
    digest = hashlib.sha256(fake.path.read_bytes()).hexdigest()
    result, _ = image_scan(tmp_path, trivy_answers(), tool={"sha256": digest, "version": ""})
    assert "CVE-2021-36159" in keys(result)
    assert "scanner-not-pinned" not in keys(result)


def test_an_old_database_is_a_finding(tmp_path: Path) -> None:
    old = f"{NOW - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"
    answers = trivy_answers(version={"out": sample("trivy-version.json", UPDATED=old)})
    result, _ = image_scan(tmp_path, answers)
    assert "database-stale" in keys(result)


def test_a_flood_is_cut_on_the_page_and_whole_in_the_file(tmp_path: Path) -> None:
    report = json.loads(sample("trivy-image.json"))
    first = report["Results"][0]["Vulnerabilities"][0]
    many = [{**first, "VulnerabilityID": f"CVE-2020-{number:05}"} for number in range(3000)]
    report["Results"][0]["Vulnerabilities"] += many
    result, _ = image_scan(tmp_path, trivy_answers(image={"out": json.dumps(report), "code": 10}), most_findings=50)
    assert len(result["findings"]) == 51
    flood = next(found for found in result["findings"] if found["key"] == "scan-flood")
    assert "2953 things more" in flood["what"]
    assert flood["severity"] == "medium"
    assert "CVE-2021-36159" in keys(result)
    assert len(kept(tmp_path / "record")[0]["hits"]) == 3003


def test_an_exploited_vulnerability_is_critical_and_a_likely_one_a_step_worse(tmp_path: Path) -> None:
    catalogue, odds = tmp_path / "kev.json", tmp_path / "epss.csv"
    catalogue.write_text(json.dumps({"dateReleased": FRESH, "vulnerabilities": [{"cveID": "CVE-2019-1549"}]}))
    odds.write_text(f"#model_version:v2025.03.14,score_date:{FRESH}\ncve,epss,percentile\nCVE-2019-1549,0.9,0.99\n")
    result, _ = image_scan(tmp_path, trivy_answers(), exploited=str(catalogue))
    assert {f["severity"] for f in result["findings"] if f["key"] == "CVE-2019-1549"} == {"critical"}
    result, _ = image_scan(tmp_path, trivy_answers(), odds=str(odds))
    assert {f["severity"] for f in result["findings"] if f["key"] == "CVE-2019-1549"} == {"high"}
    catalogue.write_text("[]")
    result, _ = image_scan(tmp_path, trivy_answers(), exploited=str(catalogue))
    assert "threats-stale" in keys(result)


def sealed(record: Path) -> str:
    """Seal a record as a run does at its end, and return where its report would be."""
    names = [path.relative_to(record) for path in record.rglob("*.json")]
    seal = {"files": {str(name): hashlib.sha256((record / name).read_bytes()).hexdigest() for name in names}}
    (record / "manifest.json").write_text(json.dumps(seal))
    return str(record / "report.json")


def test_a_complete_scan_is_used_again_only_for_the_same_database_and_an_unaltered_record(tmp_path: Path) -> None:
    image_scan(tmp_path, trivy_answers(), record="first")
    file = tmp_path / "first" / "scans" / "scans.json"
    before = sealed(tmp_path / "first")
    again, _ = image_scan(tmp_path, trivy_answers(image={"code": 1}), record="second", previous_report=before)
    (used,) = kept(tmp_path / "second")
    assert used["outcome"] == "reused"
    assert (tmp_path / "second" / used["bill"]).exists()
    assert "CVE-2021-36159" in keys(again)
    newer = f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    answers = trivy_answers(image={"code": 1}, version={"out": sample("trivy-version.json", UPDATED=newer)})
    fresh, _ = image_scan(tmp_path, answers, record="third", previous_report=before)
    assert keys(fresh) == {"scan-failed"}
    file.write_text(file.read_text().replace("CVE-2021-36159", "CVE-0000-0000"))
    altered, _ = image_scan(tmp_path, trivy_answers(image={"code": 1}), record="fourth", previous_report=before)
    assert keys(altered) == {"scan-failed"}


def test_a_scan_that_is_used_again_is_rated_as_the_first_was(tmp_path: Path) -> None:
    odds, report = tmp_path / "epss.csv", ""
    odds.write_text(f"#model_version:v2025.03.14,score_date:{FRESH}\ncve,epss,percentile\nCVE-2019-1549,0.9,0.99\n")
    for number in range(3):
        record = f"record-{number}"
        result, _ = image_scan(tmp_path, trivy_answers(), record=record, previous_report=report, odds=str(odds))
        report = sealed(tmp_path / record)
        (likely,) = (found for found in result["findings"] if found["key"] == "CVE-2019-1549")
        assert likely["severity"] == "high"
    assert kept(tmp_path / "record-2")[0]["outcome"] == "reused"


def together(tmp_path: Path, record: str, answers: dict[str, dict[str, Any]] | None = None, **options: Any) -> Any:
    """Scan as a procedure that is rehearsed together with others, and return the result and the scan."""
    given = {"shared": str(tmp_path / "shared"), "_ansible_check_mode": True, **options}
    result, _ = image_scan(tmp_path, answers or trivy_answers(), record=record, **given)
    return result, None if result.get("failed") else kept(tmp_path / record)[0]


def test_what_is_rehearsed_together_scans_once(tmp_path: Path) -> None:
    first, done = together(tmp_path, "first")
    second, reused = together(tmp_path, "second", trivy_answers(image={"code": 1}))
    assert (done["outcome"], reused["outcome"]) == ("done", "reused")
    assert first["findings"] == second["findings"]
    bills = [(tmp_path / record / scan["bill"]).read_text() for record, scan in (("first", done), ("second", reused))]
    assert bills[0] == bills[1]


def test_a_scan_that_failed_is_not_shared(tmp_path: Path) -> None:
    _, failed = together(tmp_path, "first", trivy_answers(image={"code": 1}))
    _, done = together(tmp_path, "second")
    assert (failed["outcome"], done["outcome"]) == ("failed", "done")


def test_a_run_that_is_no_rehearsal_scans_by_itself(tmp_path: Path) -> None:
    together(tmp_path, "first")
    _, done = together(tmp_path, "second", _ansible_check_mode=False)
    assert done["outcome"] == "done"


def test_two_that_begin_at_once_scan_once(tmp_path: Path) -> None:
    slow = trivy_answers(image={"out": sample("trivy-image.json"), "code": 10, "sleep": 1})
    fork = multiprocessing.get_context("fork")
    records = [f"record-{number}" for number in range(2)]
    processes = [fork.Process(target=together, args=(tmp_path, record, slow)) for record in records]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(kept(tmp_path / record)[0]["outcome"] for record in records) == ["done", "reused"]


def test_who_waits_for_the_scan_of_another_can_be_stopped(tmp_path: Path) -> None:
    together(tmp_path, "first")
    (lock,) = (tmp_path / "shared").glob("*.lock")
    stop = tmp_path / "stop"
    with lock.open() as held, ThreadPoolExecutor(1) as asker:
        fcntl.flock(held, fcntl.LOCK_EX)
        asker.submit(lambda: (time.sleep(1), stop.write_text("the operator said so")))
        result, _ = together(tmp_path, "second", stop_file=str(stop))
    assert (result["failed"], result["stop"]) == (True, "resumable")


def test_a_stop_ends_the_scanner(tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.write_text("the operator said so")
    result, _ = image_scan(tmp_path, trivy_answers(image={"sleep": 60}), stop_file=str(stop))
    assert result["failed"]
    assert result["stop"] == "resumable"


def test_gitleaks_hits_name_rule_commit_and_line_and_quote_nothing(tmp_path: Path) -> None:
    path, _ = repository(tmp_path / "repository", {"README": "read me\n"})
    answers = {"version": {"out": "8.30.1"}, "git": {"report": sample("gitleaks.json"), "code": 10}}
    fake = Fake.make(tmp_path, "gitleaks", answers)
    tools = {"gitleaks": {"program": str(fake.path), "version": "8.30.1"}}
    options = {"scanners": ["gitleaks"], "tools": tools, "repositories": [path], "artifacts": artifacts(images=False)}
    result = scan(tmp_path / "record", **options)
    assert keys(result) == {"secret-aws-access-token"}
    assert result["findings"][0]["where"].startswith("settings.py:1 of commit 0123456789ab")
    assert "--redact" in fake.called()[-1]["arguments"]
    assert "QUOTED-BY-GITLEAKS" not in everything(tmp_path / "record") + json.dumps(result)
    for answer in ({"code": 0}, {"report": "[]", "code": 10}, {"report": "{", "code": 0}, {"code": 1}):
        fake.answer({**answers, "git": answer})
        assert keys(scan(tmp_path / "record", **options)) == {"scan-failed"}


def test_manifests_that_break_a_rule_are_found_and_a_folder_without_any_is_unknown(tmp_path: Path) -> None:
    path, commit = repository(tmp_path / "repository", {"Dockerfile": "FROM scratch\n"})
    fake = Fake.make(tmp_path, "trivy", trivy_answers())
    tools = {"trivy": {"program": str(fake.path), "version": "0.74.0"}}
    options = {"scanners": ["trivy-config"], "tools": tools, "repositories": [path]}
    result = scan(tmp_path / "record", artifacts=artifacts(False, [commit]), **options)
    assert keys(result) == {"DS002"}
    fake.answer(trivy_answers(config={"out": '{"SchemaVersion": 2, "Results": []}'}))
    assert keys(scan(tmp_path / "record", artifacts=artifacts(False, [commit]), **options)) == {"scan-failed"}


def test_a_commit_or_a_lock_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    path, commit = repository(tmp_path / "repository", {"README": "read me\n"})
    options = {"scanners": ["pip-audit"], "repositories": [path], "lock_files": {"pip-audit": ["requirements.txt"]}}
    fake = Fake.make(tmp_path, "pip-audit", {"else": {"out": "pip-audit 2.10.1"}})
    tools = {"pip-audit": {"program": str(fake.path)}, "detect-secrets": {"program": str(fake.path)}}
    gone = scan(tmp_path / "record", artifacts=artifacts(False, [commit]), tools=tools, **options)
    assert "requirements.txt, which is not in that commit" in json.dumps(gone["unknown"])
    absent = scan(tmp_path / "record", artifacts=artifacts(False, ["0" * 40]), tools=tools, **options)
    assert "scan-failed" in keys(absent)
    options |= {"repositories": ["/nowhere"], "scanners": ["detect-secrets-history"]}
    unreadable = scan(tmp_path / "record", artifacts=artifacts(False), tools=tools, **options)
    assert "scan-failed" in keys(unreadable)


def test_the_real_detect_secrets_finds_a_key_in_the_files_and_one_that_only_the_history_has(tmp_path: Path) -> None:
    first, second = (planted_key() for _ in range(2))
    path, commit = repository(
        tmp_path / "repository",
        {"old.py": f'key = "{first}"\n', "new.py": "\n"},
        {"old.py": "\n", "new.py": f'key = "{second}"\n'},
    )
    result = real_secrets(tmp_path, path, commit)
    where = {
        found["where"].partition(" ")[0] for found in result["findings"] if found["key"] == "secret-aws-access-key"
    }
    assert where == {"old.py:1", "new.py:1"}
    written = everything(tmp_path / "record") + json.dumps(result)
    assert first not in written
    assert second not in written
    assert hashlib.sha1(first.encode()).hexdigest() not in written


def test_the_real_detect_secrets_finds_nothing_in_a_clean_repository(tmp_path: Path) -> None:
    path, commit = repository(tmp_path / "repository", {"app.py": "print('lunch')\n"})
    result = real_secrets(tmp_path, path, commit)
    assert keys(result) == {"scanner-not-pinned"}
    assert [one["outcome"] for one in kept(tmp_path / "record")] == ["done", "done"]


def real_secrets(tmp_path: Path, path: str, commit: str) -> dict[str, Any]:
    tools = {"detect-secrets": {"program": str(PROGRAMS / "detect-secrets")}}
    names = ["detect-secrets", "detect-secrets-history"]
    given = artifacts(False, [commit])
    return scan(tmp_path / "record", scanners=names, tools=tools, repositories=[path], artifacts=given)
