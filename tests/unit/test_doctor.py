"""The doctor finds what is wrong, says the mend, and looks up no secret."""

import socket
from pathlib import Path

import pytest

from hasivu_play.doctor import as_dictionary, as_text, examine
from hasivu_play.doctor_check import Check
from hasivu_play.doctor_environment import DECLARED, check_signers, check_variables, placeholders
from hasivu_play.doctor_reach import check_reach, services
from hasivu_play.project import Project

PROJECT = Project(Path(__file__).parent.parent / "data" / "project")


@pytest.fixture(scope="module")
def checks():
    return {(check.name, check.says): check for check in examine(PROJECT, "broken", None)}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("aws_account_id", "still holds the placeholder '123456789012'"),
        ("aws_environment", "still holds the placeholder 'example.com'"),
        ("rds_instance_id", "is missing"),
        ("policy", "is missing"),
        ("allowed_signers", f"no key in {PROJECT.root}/inventory/broken/allowed_signers"),
    ],
)
def test_what_is_wrong_is_found_and_has_a_mend(checks, name, says):
    assert not checks[name, says].ok
    assert checks[name, says].mend


def test_an_empty_list_or_mapping_is_a_choice_and_an_empty_text_is_missing(tmp_path):
    chosen = {**dict.fromkeys(DECLARED, "set"), "scan_registry_mirror": {}, "rotation_access_keys": []}
    assert [check.ok for check in check_variables(chosen, tmp_path)] == [True]
    (missing,) = check_variables({**chosen, "database_name": ""}, tmp_path)
    assert (missing.name, missing.ok) == ("database_name", False)


def test_files_that_the_inventory_names_are_looked_for(checks):
    found = {
        name: check.ok for (name, _), check in checks.items() if name in ("kubernetes_kubeconfig", "record_signing_key")
    }
    assert found == {"kubernetes_kubeconfig": False, "record_signing_key": True}


def test_a_service_that_cannot_be_reached_is_found(checks):
    unreachable = [check for (name, _), check in checks.items() if name == "reach aws"]
    assert [check.ok for check in unreachable] == [False]
    assert "http://127.0.0.1:1/example.com cannot be reached: Connection refused" in unreachable[0].says


def test_a_service_that_listens_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        found = list(
            check_reach({"aws_environment": {"AWS_ENDPOINT_URL": address}, "pagerduty_url": "ftp://127.0.0.1"})
        )
    assert {check.name: check.ok for check in found} == {"reach aws": True, "reach pagerduty": False}


def test_the_api_server_is_read_from_the_kubeconfig(tmp_path):
    (tmp_path / "config").write_text(
        "{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: 'http://127.0.0.1:2'}}],"
        " users: [{name: u, user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}]}"
    )
    variables = {"kubernetes_kubeconfig": str(tmp_path / "config"), "kubernetes_context": "x"}
    assert services(variables)["kubernetes"] == "http://127.0.0.1:2"
    assert services({**variables, "kubernetes_context": "y"})["kubernetes"] == ""


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        ("ops@hasivu.edu.in ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx1bnVzZWRrZXlmb3J0ZXN0c29ubHkwMDAwMDAw", True),
        ("# ops@hasivu.edu.in ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx1bnVzZWRrZXlmb3J0ZXN0c29ubHkwMDAwMDAw", False),
        ("REPLACE ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx1bnVzZWRrZXlmb3J0ZXN0c29ubHkwMDAwMDAw", False),
        ("ops@hasivu.edu.in ssh-ed25519 AAAA...", False),
    ],
)
def test_only_a_real_key_counts_as_a_signer(tmp_path, line, ok):
    (tmp_path / "allowed_signers").write_text(line + "\n")
    assert check_signers(tmp_path / "allowed_signers").ok is ok


def test_no_secret_is_looked_up(checks):
    assert not (PROJECT.root / "inventory" / "broken" / "looked-up").exists()


def test_the_machine_of_these_tests_is_well(checks):
    assert {name: check.ok for (name, _), check in checks.items() if name in ("python", "ansible", "collection")} == {
        "python": True,
        "ansible": True,
        "collection": True,
    }


def test_a_part_that_does_not_answer_is_a_finding():
    parts = {"redis": {"healthy": False}, "aws": {"healthy": True}}
    found = {check.name: check.ok for check in examine(PROJECT, "staging", parts) if check.name.startswith("sandbox")}
    assert found == {"sandbox redis": False, "sandbox aws": True}


@pytest.mark.parametrize(
    "value", ["NEW_PASSWORD", {"a": ["x", "CHANGEME"]}, "arn:aws:iam::123456789012:root", "2024-01-01"]
)
def test_placeholders_are_found_wherever_they_stand(value):
    assert placeholders(value)


@pytest.mark.parametrize("value", ["204867531290", "hasivu-production", None, True, 5, {"a": []}])
def test_real_values_are_no_placeholders(value):
    assert not placeholders(value)


def test_a_mend_is_shown_below_what_is_wrong():
    listed = [Check("a", ok=True, says="fine", mend="nothing"), Check("b", ok=False, says="gone", mend="Bring it.")]
    assert as_text(listed).splitlines() == ["ok     a  fine", "WRONG  b  gone", "       Bring it."]
    assert as_dictionary("staging", listed)["ok"] is False
