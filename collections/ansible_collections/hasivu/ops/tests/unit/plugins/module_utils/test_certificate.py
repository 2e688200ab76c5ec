"""What stands in a certificate, which hosts it covers, and whether a chain leads to a trusted authority."""

from datetime import timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.certificate import (
    CertificateError,
    covers,
    facts,
    key_belongs,
    read_bundle,
    read_pem,
    thumbprint,
)
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_chain import chain_problem
from cryptography.hazmat.primitives import hashes
from support.authority import NOW, Authority, small_rsa

ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
SERVER = MIDDLE.server("app.example.org", "*.example.org")


def problem(*chain, trusted=(ROOT,)):
    return chain_problem([one.certificate for one in chain], [one.certificate for one in trusted], NOW)


def test_facts_are_those_of_the_certificate():
    found = facts(SERVER.certificate)
    assert found["names"] == ["app.example.org", "*.example.org"]
    assert (found["subject"], found["issuer"]) == ("app.example.org", "middle")
    assert (found["key_type"], found["key_bits"], found["signature"]) == ("EC", 256, "sha256")
    assert found["fingerprint"] == SERVER.certificate.fingerprint(hashes.SHA256()).hex()
    assert found["not_after"] == (NOW + timedelta(days=300)).isoformat().replace("+00:00", "Z")


def test_a_small_key_is_told():
    found = facts(ROOT.server("a.example.org", key=small_rsa()).certificate)
    assert (found["key_type"], found["key_bits"]) == ("RSA", 1024)


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["app.example.org"], "app.example.org", True),
        (["APP.example.org."], "app.Example.org", True),
        (["*.example.org"], "app.example.org", True),
        (["*.example.org"], "a.b.example.org", False),
        (["*.example.org"], "example.org", False),
        (["*.org"], "example.org", False),
        (["app.example.org"], "example.org", False),
        ([], "example.org", False),
        (["127.0.0.1"], "127.0.0.1", True),
        (["*.0.0.1"], "127.0.0.1", False),
        (["::1"], "0:0:0:0:0:0:0:1", True),
    ],
)
def test_a_name_covers_a_host_or_one_whole_label(names, host, covered):
    assert covers(names, host) is covered


def test_a_key_is_known_as_that_of_its_certificate():
    assert key_belongs(SERVER.certificate, SERVER.key_pem)
    assert not key_belongs(SERVER.certificate, ROOT.key_pem)
    assert not key_belongs(SERVER.certificate, "no key")


def test_a_bundle_that_is_none_is_refused_in_words(tmp_path):
    broken = tmp_path / "bundle.pem"
    broken.write_text("no certificate")
    with pytest.raises(CertificateError, match="no certificate in PEM form"):
        read_bundle(str(broken))
    with pytest.raises(CertificateError, match="No such file"):
        read_bundle(str(tmp_path / "absent.pem"))
    broken.write_text(ROOT.pem + SERVER.pem)
    assert len(read_bundle(str(broken))) == 2


def test_an_error_says_nothing_of_what_was_read():
    with pytest.raises(CertificateError) as refused:
        read_pem(SERVER.key_pem)
    assert "KEY" not in str(refused.value)


def test_a_thumbprint_is_sha1():
    assert thumbprint(ROOT.certificate) == ROOT.certificate.fingerprint(hashes.SHA1()).hex()


def test_a_whole_chain_is_no_problem_in_any_order():
    assert problem(SERVER, MIDDLE) == {}
    assert problem(SERVER, ROOT, MIDDLE) == {}
    assert problem(SERVER, trusted=(MIDDLE,)) == {}
    assert problem(SERVER, trusted=(SERVER,)) == {}


def test_a_missing_intermediate_is_named():
    found = problem(SERVER)
    assert found["kind"] == "incomplete"
    assert "middle" in found["says"]


def test_a_stranger_is_not_trusted():
    stranger = Authority("root")
    assert problem(stranger.server("a.example.org"), stranger)["kind"] == "untrusted"
    assert problem(stranger.server("a.example.org"))["kind"] == "incomplete"
    assert problem(Authority("self", ca=False))["kind"] == "untrusted"


def test_a_name_alone_makes_no_issuer():
    impostor = Authority("middle", Authority("root"))
    assert problem(SERVER, impostor)["kind"] == "incomplete"


def test_what_is_no_authority_signs_nothing():
    nobody = Authority("nobody", MIDDLE, ca=False)
    assert problem(nobody.server("a.example.org"), nobody, MIDDLE)["kind"] == "untrusted"


def test_an_authority_that_has_ended_is_told_apart():
    ended = Authority("middle", ROOT, ends=NOW - timedelta(days=1))
    assert problem(ended.server("a.example.org"), ended)["kind"] == "expired"


def test_a_server_that_has_ended_hides_nothing_else():
    late = MIDDLE.server("a.example.org", ends=NOW - timedelta(days=3))
    assert problem(late, MIDDLE) == {}
    assert problem(late)["kind"] == "incomplete"


def test_chains_that_go_in_circles_come_to_an_end():
    one, other = Authority("one"), Authority("other")
    assert problem(Authority("one", other), Authority("other", one))["kind"] in ("incomplete", "untrusted")
