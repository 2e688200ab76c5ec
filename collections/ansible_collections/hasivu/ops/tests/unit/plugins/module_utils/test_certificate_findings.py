"""What is called wrong with certificates, how urgent it is, and what is advised; and that good ones are left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.certificate import facts
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import Clock, days_left, when
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_endpoint import endpoint_findings
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_held import held_findings, ingress_findings
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_report import review
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_service import (
    cache_findings,
    database_findings,
    issuer_findings,
    record_findings,
)
from hypothesis import given
from hypothesis import strategies as st
from support.authority import NOW, Authority

CLOCK = Clock(NOW)
ROOT = Authority("root")
HOST = "app.example.org"
GOOD = facts(ROOT.server(HOST).certificate)
ARN = "arn:aws:acm:ap-south-1:1:certificate/1"
MINUTE = timedelta(minutes=1)


def lasting(left, **more):
    return facts(ROOT.server(HOST, ends=NOW + left, **more).certificate)


def endpoint(leaf=GOOD, **more):
    head = {"host": HOST, "port": 443, "address": "192.0.2.1", "protocol": "tls", "renewal": "store", "names": [HOST]}
    return {**head, "error": "", "version": "TLSv1.3", "certificates": [leaf], "chain_problem": {}, **more}


def kept(content=GOOD, **more):
    head = {"store": "ACM ap-south-1", "id": ARN, "status": "ISSUED", "status_reason": "", "type": "IMPORTED"}
    return {**head, "users": ["lb"], "eligible": False, "renewal": "", "renewal_reason": "", **content, **more}


def amazons(content=GOOD, **more):
    return kept(content, **{"type": "AMAZON_ISSUED", "eligible": True, "renewal": "SUCCESS", **more})


def keys(findings):
    return [(found["severity"], found["key"]) for found in findings]


def served(one, held=None, complete=True):
    return keys(endpoint_findings(one, [kept()] if held is None else held, complete, CLOCK))


def store(one, seen=()):
    return keys(held_findings(one, set(seen), CLOCK))


@given(st.timedeltas(min_value=timedelta(days=-40), max_value=timedelta(days=90)))
def test_urgency_grows_towards_the_end_and_never_falls_again(left):
    severity = CLOCK.urgency(NOW + left)
    expected = [("critical", 7), ("high", 14), ("medium", 30)]
    assert severity == next((name for name, days in expected if left <= timedelta(days=days)), "")


@pytest.mark.parametrize(
    ("left", "severity", "key"),
    [
        (timedelta(0) - MINUTE, "critical", "certificate-expired"),
        (MINUTE, "critical", "certificate-ends-soon"),
        (timedelta(days=7), "critical", "certificate-ends-soon"),
        (timedelta(days=7) + MINUTE, "high", "certificate-ends-soon"),
        (timedelta(days=14), "high", "certificate-ends-soon"),
        (timedelta(days=14) + MINUTE, "medium", "certificate-ends-soon"),
        (timedelta(days=30), "medium", "certificate-ends-soon"),
    ],
)
def test_each_limit_belongs_to_the_more_urgent_side(left, severity, key):
    leaf = lasting(left)
    assert served(endpoint(leaf), [kept(leaf)]) == [(severity, key)]


def test_a_minute_more_than_thirty_days_is_time_enough():
    leaf = lasting(timedelta(days=30) + MINUTE)
    assert served(endpoint(leaf), [kept(leaf)]) == []


def test_a_good_endpoint_has_no_finding():
    assert served(endpoint()) == []


def test_a_certificate_from_the_future_is_critical():
    assert served(endpoint(lasting(timedelta(days=400))), [])[0] == ("critical", "certificate-not-yet-valid")


@given(st.timedeltas(min_value=timedelta(days=-40), max_value=timedelta(days=40)))
def test_days_are_whole_days_on_either_side(left):
    ends = NOW + left
    assert abs(days_left(ends.isoformat(), NOW)) == abs(left) // timedelta(days=1)
    assert ("ago" in when(ends, NOW)) is (left < timedelta(0))


def test_a_deadline_is_never_after_the_end_nor_before_today():
    assert CLOCK.due("medium", NOW + timedelta(days=20))["deadline"] == "2026-12-16"
    assert CLOCK.due("critical", NOW - timedelta(days=20))["deadline"] == "2026-11-26"
    assert CLOCK.due("critical")["deadline"] == "2026-12-03"
    late = Clock(datetime(2026, 11, 26, 20, 0, tzinfo=UTC))  # past midnight in India
    assert late.due("critical")["deadline"] == "2026-12-04"
    assert CLOCK.due("low") == {}


def test_an_endpoint_that_was_not_seen_is_a_finding_of_high_severity():
    found = endpoint_findings(endpoint(error="it cannot be reached"), [], True, CLOCK)
    assert keys(found) == [("high", "endpoint-unknown")]
    assert "cannot be reached at 192.0.2.1" in found[0]["what"]


def test_a_name_that_is_not_covered_is_named():
    found = endpoint_findings(endpoint(names=[HOST, "www.example.org"]), [kept()], True, CLOCK)
    assert keys(found) == [("critical", "certificate-name-mismatch")]
    assert "does not cover www.example.org" in found[0]["what"]


@pytest.mark.parametrize(
    ("kind", "severity"), [("incomplete", "high"), ("untrusted", "high"), ("expired", "critical"), ("weak", "high")]
)
def test_every_problem_of_a_chain_is_a_finding(kind, severity):
    assert served(endpoint(chain_problem={"kind": kind, "says": "so"})) == [(severity, f"chain-{kind}")]


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_an_old_version_is_a_finding(version):
    assert served(endpoint(version=version)) == [("high", "old-tls")]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"key_type": "RSA", "key_bits": 1024}, "weak-key"),
        ({"key_type": "EC", "key_bits": 192}, "weak-key"),
        ({"key_type": "DSA", "key_bits": 2048}, "weak-key"),
        ({"signature": "sha1"}, "weak-signature"),
        ({"signature": "md5"}, "weak-signature"),
    ],
)
def test_weak_keys_and_signatures_are_findings_once(change, key):
    weak = {**GOOD, **change}
    assert served(endpoint(weak)) == [("high", key)]
    assert ("high", key) in store(kept(weak))
    assert ("high", key) not in store(kept(weak), [weak["fingerprint"]])


@pytest.mark.parametrize("strong", [("RSA", 2048), ("RSA", 4096), ("EC", 384), ("Ed25519", 256)])
def test_strong_keys_are_left_alone(strong):
    assert served(endpoint({**GOOD, "key_type": strong[0], "key_bits": strong[1]})) == []


def test_a_renewal_that_is_not_served_is_found():
    old = lasting(timedelta(days=60))
    found = endpoint_findings(endpoint(old), [kept()], True, CLOCK)
    assert keys(found) == [("high", "renewed-not-served")]
    assert ARN in found[0]["do"]
    assert "ACM ap-south-1 holds a renewed one" in found[0]["what"]


def test_a_certificate_that_nobody_keeps_is_found_unless_certbot_does():
    assert served(endpoint(), []) == [("medium", "served-not-kept")]
    assert served(endpoint(lasting(timedelta(days=310))), [kept()]) == [("medium", "served-not-kept")]
    assert served(endpoint(renewal="certbot"), []) == []
    assert served(endpoint(protocol="postgresql"), []) == []


def test_nothing_is_said_of_stores_that_could_not_be_read():
    assert served(endpoint(), [], complete=False) == []


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ([kept(type="IMPORTED")], "ImportCertificate"),
        ([kept(type="IMPORTED")], f"same ARN, {ARN}"),
        ([amazons()], "validation record"),
        ([{**GOOD, "store": "IAM", "id": "iam"}], "Import the renewed certificate into ACM"),
        ([{**GOOD, "store": "Kubernetes", "id": "ns/tls"}], "Secret ns/tls"),
    ],
)
def test_the_advice_fits_the_store(held, says):
    soon = lasting(timedelta(days=5))
    (found,) = endpoint_findings(endpoint(soon), [{**one, **soon} for one in held], True, CLOCK)
    assert says in found["do"]


def test_the_advice_for_certbot_is_a_daily_timer_without_nginx():
    (found,) = endpoint_findings(endpoint(lasting(timedelta(days=5)), renewal="certbot"), [], True, CLOCK)
    assert "every day" in found["do"]
    assert "Do not renew with --nginx" in found["do"]


def test_an_imported_certificate_is_advice_and_no_finding_to_mend():
    assert store(kept()) == [("advice", "imported-certificate")]


def test_what_an_endpoint_serves_is_told_there_and_not_twice():
    soon = lasting(timedelta(days=5))
    assert store(kept(soon)) == [("critical", "certificate-ends-soon")]
    assert store(kept(soon), [soon["fingerprint"]]) == []


def test_what_nobody_uses_is_of_low_severity():
    assert store(kept(lasting(timedelta(days=-5)), users=[])) == [("low", "certificate-unused")]
    assert store(kept(users=[])) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"renewal": "SUCCESS"}, []),
        ({"renewal": "PENDING_AUTO_RENEWAL"}, []),
        ({"renewal": ""}, []),
        ({"renewal": "PENDING_VALIDATION"}, [("high", "renewal-pending-validation")]),
        ({"renewal": "FAILED", "renewal_reason": "CAA_ERROR"}, [("high", "renewal-failed")]),
        ({"eligible": False}, [("medium", "renewal-not-eligible")]),
        ({"eligible": False, "users": []}, []),
        ({"status": "REVOKED"}, [("critical", "certificate-revoked")]),
        ({"status": "PENDING_VALIDATION"}, [("medium", "certificate-pending-validation")]),
        ({"broken": "holds nothing"}, [("high", "certificate-unreadable")]),
    ],
)
def test_what_acm_issued_is_judged_by_its_renewal(change, expected):
    assert store(amazons(**change)) == expected


def test_a_failed_renewal_of_what_ends_this_week_is_critical():
    soon = lasting(timedelta(days=5))
    assert ("critical", "renewal-failed") in store(amazons(soon, renewal="FAILED"))


def test_an_ended_certificate_in_iam_is_found_even_where_it_is_served():
    ended = {**lasting(timedelta(days=-5)), "store": "IAM", "id": "arn:iam"}
    (found,) = held_findings(ended, {ended["fingerprint"]}, CLOCK)
    assert keys([found]) == [("critical", "iam-certificate-expired")]
    assert found["control"] == "CIS-AWS-6.0.0-2.18"


SECRET = {**GOOD, "store": "Kubernetes", "id": "ns/tls", "key_belongs": True}


def ingress(one, held):
    return keys(ingress_findings(one, held, CLOCK))


def test_a_secret_with_a_key_that_is_not_its_own_is_critical():
    assert store(SECRET) == []
    assert store({**SECRET, "key_belongs": False}) == [("critical", "key-mismatch")]


def test_an_ingress_needs_a_secret_that_covers_its_hosts():
    entry = {"ingress": "ns/web", "hosts": [HOST], "secret": "ns/tls"}
    assert ingress(entry, [SECRET]) == []
    assert ingress(entry, []) == [("critical", "ingress-without-secret")]
    assert ingress({**entry, "hosts": ["b.example.org"]}, [SECRET]) == [("critical", "certificate-name-mismatch")]
    assert ingress({**entry, "secret": ""}, []) == []


RECORD = {"domain": HOST, "name": "_a.app.example.org.", "value": "_b.acm-validations.aws.", "error": ""}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"found": ["_B.acm-validations.aws"]}, []),
        ({"found": []}, [("high", "validation-record-missing")]),
        ({"found": ["elsewhere.org."]}, [("high", "validation-record-wrong")]),
        ({"found": [], "error": "timeout"}, [("high", "validation-record-unknown")]),
    ],
)
def test_a_validation_record_must_lead_where_acm_looks(change, expected):
    assert keys(record_findings({**RECORD, **change}, CLOCK)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"issuers": None}, []),
        ({"issuers": ["letsencrypt.org", "amazontrust.com"]}, []),
        ({"issuers": ["letsencrypt.org"]}, [("high", "caa-forbids-renewal")]),
        ({"issuers": []}, [("high", "caa-forbids-renewal")]),
        ({"issuers": [""]}, [("high", "caa-forbids-renewal")]),
        ({"issuers": None, "error": "timeout"}, [("high", "caa-unknown")]),
    ],
)
def test_amazon_must_be_allowed_to_issue(change, expected):
    assert keys(issuer_findings({"domain": HOST, "at": "example.org.", "error": "", **change}, CLOCK)) == expected


def database(ends=300, authority_ends=3000, **more):
    authority = {"name": "rds-ca", "ends": (NOW + timedelta(days=authority_ends)).isoformat(), "bundle_problem": ""}
    end = (NOW + timedelta(days=ends)).isoformat()
    authority |= {"trusted": True, **more}
    return {"id": "db", "certificate_ends": end, "bundle": "/bundle.pem", "authorities": [authority]}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (database(), []),
        (database(ends=10), [("high", "database-certificate-ends")]),
        (database(authority_ends=-1), [("critical", "database-authority-ends")]),
        (database(trusted=False), [("high", "database-authority-not-trusted")]),
        (database(trusted=False, bundle_problem="is gone"), [("high", "database-bundle-unknown")]),
    ],
)
def test_the_database_needs_an_authority_that_lasts_and_is_trusted(one, expected):
    assert keys(database_findings(one, CLOCK)) == expected


@pytest.mark.parametrize(
    ("encrypted", "mode", "count"), [(True, "required", 0), (True, "", 0), (True, "preferred", 1), (False, "", 1)]
)
def test_a_cache_must_take_encrypted_connections_only(encrypted, mode, count):
    assert len(list(cache_findings({"id": "c", "encrypted": encrypted, "mode": mode}, CLOCK))) == count


def everything(**more):
    empty = {"certificates": [], "ingresses": [], "records": [], "issuers": [], "unread": []}
    return {**empty, **more}


def test_what_could_not_be_read_is_a_finding_and_stands_among_the_unknown():
    unread = [{"source": "ACM us-east-1", "error": "AccessDenied"}]
    result = review([endpoint(), endpoint(error="it is gone")], everything(unread=unread), CLOCK, ["a note"])
    assert keys(result["findings"]) == [("high", "source-unknown"), ("high", "endpoint-unknown")]
    assert len(result["unknown"]) == 2
    assert "a note" in result["notes"]
    assert all(found["what"] and found["do"] and found["why"] for found in result["findings"])


def test_two_addresses_with_the_same_fault_are_one_finding():
    soon = lasting(timedelta(days=5))
    both = [endpoint(soon), endpoint(soon, address="192.0.2.2")]
    result = review(both, everything(certificates=[kept(soon)]), CLOCK, [])
    assert len(result["findings"]) == 1
    assert len(result["sections"][0]["table"]["rows"]) == 2


def test_one_of_two_addresses_that_still_serves_the_old_certificate_is_found():
    both = [endpoint(), endpoint(lasting(timedelta(days=60)), address="192.0.2.2")]
    result = review(both, everything(certificates=[kept()]), CLOCK, [])
    assert ("high", "renewed-not-served") in keys(result["findings"])


@pytest.mark.parametrize(
    ("held", "ingresses", "unlisted"),
    [
        ([kept()], [], []),
        ([kept(lasting(timedelta(days=90)), names=["www.example.org", "*.example.org"])], [], ["www.example.org"]),
        ([kept(lasting(timedelta(days=90)), names=["www.example.org"], users=[])], [], []),
        ([], [{"ingress": "ns/web", "hosts": ["b.example.org", HOST], "secret": ""}], ["b.example.org"]),
    ],
)
def test_a_host_with_a_certificate_in_use_must_be_listed(held, ingresses, unlisted):
    result = review([endpoint()], everything(certificates=held, ingresses=ingresses), CLOCK, [])
    assert [found["where"] for found in result["findings"] if found["key"] == "endpoint-not-listed"] == unlisted
