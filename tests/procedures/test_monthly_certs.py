"""monthly-certs finds what is wrong with each endpoint and store, and nothing else; seen from outside."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from kubernetes import client, config
from support.sandbox import Sandbox

from hasivu_play.sandbox.edge import authority
from hasivu_play.sandbox.edge.certificates import key_file, public_file, read_pem
from hasivu_play.sandbox.layout import Layout

pytestmark = pytest.mark.xdist_group("monthly-certs")

DOMAIN = "sandbox.hasivu.edu.in"
ENDPOINTS = {
    "partners": ("critical", "certificate-expired"),
    "kiosk": ("critical", "certificate-name-mismatch"),
    "admin": ("high", "certificate-ends-soon"),
    "legacy": ("high", "chain-incomplete"),
}
Found = set[tuple[str, str, str]]


def run(sandbox: Sandbox, *arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the review, and return its result and its report."""
    result = sandbox.run("monthly-certs", *arguments)
    report = sandbox.home / "runs" / result["run"] / "report.json"
    return result, json.loads(report.read_text()) if report.exists() else {}


def bare(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the review under bare ansible-playbook, which starts no part that is down."""
    return sandbox.ansible_playbook("playbooks/monthly-certs.yml", "-i", "inventory/sandbox", *arguments)


def found(report: dict[str, Any]) -> Found:
    """Return severity, kind and place, without its domain, of each finding that somebody must mend."""
    return {
        (one["severity"], one["key"], one["where"].partition(f".{DOMAIN}")[0])
        for one in report["findings"]
        if one["severity"] != "advice"
    }


@contextlib.contextmanager
def faults(sandbox: Sandbox, part: str, **content: Any) -> Iterator[None]:
    """Let a part of the sandbox do wrong, and right again."""
    file = sandbox.home / "sandbox" / part / "faults.json"
    file.write_text(json.dumps(content))
    try:
        yield
    finally:
        file.unlink()


@pytest.fixture(scope="module")
def reviewed(sandbox: Sandbox) -> tuple[dict[str, Any], dict[str, Any]]:
    """Review the sandbox as it stands."""
    return run(sandbox)


@pytest.fixture(scope="module")
def usual(reviewed: tuple[dict[str, Any], dict[str, Any]]) -> Found:
    """Return what is found in the sandbox as it stands."""
    return found(reviewed[1])


def aws(sandbox: Sandbox, service: str) -> Any:
    """Return a client with the sandbox's credentials."""
    session = boto3.Session(region_name="ap-south-1")
    lines = [line.partition(" = ") for line in sandbox.credential("aws").splitlines()]
    keys = {name: value for name, _, value in lines if name in ("aws_access_key_id", "aws_secret_access_key")}
    return session.client(service, endpoint_url=sandbox.endpoints()["aws"]["url"], **keys)


def core(sandbox: Sandbox) -> Any:
    """Return a client of the cluster."""
    file = str(sandbox.home / "sandbox" / "credentials" / "kubeconfig")
    return client.CoreV1Api(config.new_client_from_config(file))


def test_each_defect_is_found_at_its_endpoint_and_nothing_at_good_ones(
    reviewed: tuple[dict[str, Any], dict[str, Any]], usual: Found
) -> None:
    result, report = reviewed
    assert result["exit_code"] == 1, result
    assert {one for one in usual if one[2] in (*ENDPOINTS, "app", "api")} == {
        (severity, key, name) for name, (severity, key) in ENDPOINTS.items()
    }
    assert ("high", "validation-record-missing", "reports") in usual
    assert {name for _, key, name in usual if key == "endpoint-not-listed"} == {"www", "reports"}
    assert {key for _, key, _ in usual} >= {
        "iam-certificate-expired",
        "renewal-pending-validation",
        "certificate-unused",
    }
    assert not [one for one in usual if "unknown" in one[1]]
    assert "partners.sandbox.hasivu.edu.in" in result["message"]
    assert all(
        one["do"] and one.get("deadline") for one in report["findings"] if one["severity"] in ("critical", "high")
    )


def test_the_report_shows_every_endpoint_and_every_certificate(
    reviewed: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    tables = [section["table"]["rows"] for section in reviewed[1]["sections"] if section["table"]]
    served, kept = (rows for rows in tables if rows and ("where" in rows[0] or "store" in rows[0]))
    assert {row["where"].split(".")[0] for row in served} == {"app", "api", *ENDPOINTS}
    assert {row["store"] for row in kept} == {"ACM ap-south-1", "ACM us-east-1", "IAM", "Kubernetes"}


def test_a_rehearsal_finds_the_same_and_writes_nothing_at_the_wire(sandbox: Sandbox, usual: Found) -> None:
    parts = ("aws", "kubernetes", "edge")
    before = {part: len(sandbox.requests(part)) for part in parts}
    _, report = run(sandbox, "--check")
    assert found(report) == usual
    asked = [request for part in parts for request in sandbox.requests(part)[before[part] :]]
    assert {request["action"] for request in asked} >= {"acm:GetCertificate", "iam:ListServerCertificates"}
    ours = [request for request in asked if "hasivu-ops" in request["client"] or "OpenAPI" in request["client"]]
    assert len(ours) > 20
    assert not [request for request in asked if request["changing"] and request["service"] != "dns"]


def test_no_private_key_stands_in_record_report_or_output(
    sandbox: Sandbox, reviewed: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    folder = sandbox.home / "sandbox" / "credentials"
    bodies = ["".join(path.read_text().splitlines()[1:-1])[:60] for path in folder.glob("edge_*.key")]
    assert len(bodies) > 8
    files = [path for path in (sandbox.home / "runs").rglob("*") if path.is_file()]
    text = "".join(path.read_text(errors="replace") for path in files) + json.dumps(reviewed[0])
    assert "app.sandbox.hasivu.edu.in" in text
    assert "PRIVATE KEY" not in text
    encoded = [base64.b64encode(body.encode()).decode()[:40] for body in bodies]
    assert not [body for body in [*bodies, *encoded] if body in text]


@pytest.fixture(scope="module")
def broken(sandbox: Sandbox, usual: Found) -> tuple[Found, dict[str, Any]]:
    """Break what can be broken at once, and return what is found besides the usual, and the report."""
    layout, name = Layout(sandbox.home / "sandbox"), "hasivu-app-tls"
    bundle = sandbox.endpoints()["edge"]["ca_bundle"]
    other = server(layout, "other")
    secrets = core(sandbox)
    right = secrets.read_namespaced_secret(name, "hasivu").data["tls.key"]
    wrong = base64.b64encode(other.key_pem.encode()).decode()
    secrets.patch_namespaced_secret(name, "hasivu", {"data": {"tls.key": wrong}})
    try:
        with (
            faults(sandbox, "edge", old=["api"], records_removed=["www"], caa=["letsencrypt.org"]),
            served(layout, "app", other),
        ):
            assert bare(sandbox, "-e", f"certificates_database_ca_bundle={bundle}").returncode == 2
    finally:
        secrets.patch_namespaced_secret(name, "hasivu", {"data": {"tls.key": right}})
    report = json.loads((sandbox.runs()[-1] / "report.json").read_text())
    return found(report) - usual, report


def test_an_endpoint_that_serves_the_old_certificate_after_a_renewal_is_found(
    broken: tuple[Found, dict[str, Any]],
) -> None:
    new, report = broken
    assert {one for one in new if one[2] == "api"} == {
        ("high", "renewed-not-served", "api"),
        ("medium", "certificate-ends-soon", "api"),
    }
    what = [one["what"] for one in report["findings"] if one["key"] == "renewed-not-served"]
    assert any("api." in one and "ACM ap-south-1 holds a renewed one" in one for one in what)


def test_a_validation_record_that_was_removed_is_found(broken: tuple[Found, dict[str, Any]]) -> None:
    assert ("high", "validation-record-missing", "www") in broken[0]


def test_caa_records_that_keep_amazon_out_are_found(broken: tuple[Found, dict[str, Any]]) -> None:
    assert {("high", "caa-forbids-renewal", name) for name in ("www", "reports")} <= broken[0]


def test_a_name_that_was_lost_at_a_renewal_is_found(broken: tuple[Found, dict[str, Any]]) -> None:
    assert ("critical", "certificate-name-mismatch", "app") in broken[0]


def test_a_bundle_without_the_authority_of_the_database_is_found(broken: tuple[Found, dict[str, Any]]) -> None:
    assert ("high", "database-authority-not-trusted", "hasivu-sandbox") in broken[0]


def test_a_secret_with_the_key_of_another_certificate_is_found(broken: tuple[Found, dict[str, Any]]) -> None:
    assert ("critical", "key-mismatch", "hasivu/hasivu-app-tls") in broken[0]


def test_what_cannot_be_looked_at_is_a_finding_and_never_fine(sandbox: Sandbox, usual: Found) -> None:
    """The front door is stopped, and with it the zone; a service of AWS answers 503; an endpoint speaks no TLS."""
    plain = int(sandbox.endpoints()["application"]["url"].rpartition(":")[2])
    door = sandbox.endpoints()["edge"]
    endpoints = [{"host": f"{name}.{DOMAIN}", "address": door["host"], "port": door["port"]} for name in ("app", "api")]
    endpoints.append({"host": f"plain.{DOMAIN}", "address": "127.0.0.1", "port": plain})
    assert sandbox.play("sandbox", "fault", "edge-down").returncode == 0
    try:
        with faults(sandbox, "aws", down=["elasticache"]):
            done = bare(sandbox, "-e", json.dumps({"certificates_endpoints": endpoints}))
    finally:
        assert sandbox.play("sandbox", "fault", "edge-down", "--clear").returncode == 0
    assert done.returncode == 2
    report = json.loads((sandbox.runs()[-1] / "report.json").read_text())
    new = found(report) - usual
    assert {name for _, key, name in new if key == "endpoint-unknown"} == {"app", "api", "plain"}
    assert ("high", "source-unknown", "ElastiCache") in new
    assert {key for _, key, _ in new} >= {"validation-record-unknown", "caa-unknown"}
    said = [one["what"] for one in report["findings"] if one["key"] == "endpoint-unknown"]
    assert any("plain." in what and "does not speak TLS" in what for what in said)
    assert any("app." in what and "cannot be reached" in what for what in said)


def test_a_certificate_that_was_renewed_and_is_served_is_found_no_more(sandbox: Sandbox, usual: Found) -> None:
    layout, acm = Layout(sandbox.home / "sandbox"), aws(sandbox, "acm")
    arn = next(
        one["CertificateArn"]
        for one in acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]
        if one["DomainName"] == f"admin.{DOMAIN}"
    )
    body, chain = read_pem(layout, "admin")
    before = {"Certificate": body, "PrivateKey": key_file(layout, "admin").read_text(), "CertificateChain": chain}
    renewed = server(layout, "admin")
    after = {"Certificate": renewed.pem, "PrivateKey": renewed.key_pem, "CertificateChain": chain}
    acm.import_certificate(CertificateArn=arn, **after)
    try:
        with served(layout, "admin", renewed):
            _, report = run(sandbox)
    finally:
        acm.import_certificate(CertificateArn=arn, **before)
    assert found(report) == {one for one in usual if one[2] != "admin"}


def server(layout: Layout, name: str) -> authority.Issued:
    """Return a new certificate of 90 days for a name, signed as the sandbox's are."""
    return authority.make_server([f"{name}.{DOMAIN}"], datetime.now(UTC) + timedelta(days=90), issuer(layout))


@contextlib.contextmanager
def served(layout: Layout, name: str, issued: authority.Issued) -> Iterator[None]:
    """Let the front door serve a certificate below a name, and the former one again."""
    chain = public_file(layout, "intermediate").read_text()
    files = {public_file(layout, name): issued.pem + chain, key_file(layout, name): issued.key_pem}
    kept = {path: path.read_text() for path in files}
    put(files)
    try:
        yield
    finally:
        put(kept)


def issuer(layout: Layout) -> authority.Issued:
    """Return the authority that signs the sandbox's servers."""
    key: Any = load_pem_private_key(key_file(layout, "intermediate").read_bytes(), None)
    return authority.Issued(x509.load_pem_x509_certificate(public_file(layout, "intermediate").read_bytes()), key)


def put(files: dict[Path, str]) -> None:
    """Write files."""
    for path, text in files.items():
        path.write_text(text)
