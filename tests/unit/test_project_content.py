"""A project that is not as it was signed is found out, whatever was done to it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.project_content import CHECKSUMS, SIGNATURE, verdict_of
from support.recording import make_key

from hasivu_play.content_signing import sign_project
from hasivu_play.errors import UsageError
from hasivu_play.project import Project

FILES = {
    "MANIFEST.in": "# What is signed\nglobal-include *\nglobal-exclude *.pyc\nprune .git\n",
    "playbooks/weekly-db.yml": "- hosts: all\n",
    "roles/guard/tasks/main.yml": "- name: Refuse\n",
    "ansible.cfg": "[defaults]\n",
    ".git/index": "of git\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a project, and sign it with a key that may."""
    folder = tmp_path / "project"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    make_key(tmp_path / "release")
    write_signers(tmp_path)
    sign_project(Project(folder), tmp_path / "release")
    return folder


def write_signers(folder: Path, options: str = 'namespaces="hasivu-play-project"') -> None:
    public = (folder / "release.pub").read_text()
    (folder / "signers").write_text(f"release@hasivu {options} {public}")


def problems(root: Path) -> list[str]:
    return verdict_of(root, root.parent / "signers").problems


def test_a_project_as_it_was_signed_is_verified(root: Path) -> None:
    verdict = verdict_of(root, root.parent / "signers")
    assert verdict.problems == []
    assert verdict.files == 4
    assert verdict.signer.startswith("SHA256:")
    (root / ".git" / "index").write_text("of another commit\n")
    (root / "playbooks" / "weekly-db.pyc").write_text("made again\n")
    assert problems(root) == []


def test_public_tools_verify_the_same(root: Path) -> None:
    verify = (
        "ssh-keygen -Y verify -n hasivu-play-project -f ../signers -I release@hasivu"
        f" -s {SIGNATURE} < {CHECKSUMS} && sha256sum --check {CHECKSUMS}"
    )
    done = subprocess.run(["bash", "-c", verify], cwd=root, capture_output=True, text=True, check=True)
    assert "playbooks/weekly-db.yml: OK" in done.stdout
    (root / "playbooks" / "weekly-db.yml").write_text("- hosts: none\n")
    assert subprocess.run(["bash", "-c", verify], cwd=root, capture_output=True, check=False).returncode == 1


def alter(root: Path) -> None:
    (root / "roles/guard/tasks/main.yml").write_text("- name: Wave through\n")


def add(root: Path) -> None:
    (root / "playbooks/evil.yml").write_text("- hosts: all\n")


def remove(root: Path) -> None:
    (root / "roles/guard/tasks/main.yml").unlink()


def link(root: Path) -> None:
    (root / "roles/other").symlink_to("/tmp")


def link_the_folder(root: Path) -> None:
    (root / "roles").rename(root.parent / "roles")
    (root / "roles").symlink_to(root.parent / "roles")


def hide(root: Path) -> None:
    (root / "roles/guard/.ansible-sign").mkdir()
    (root / "roles/guard/.ansible-sign/main.yml").write_text("- name: Wave through\n")


def loosen_the_rules(root: Path) -> None:
    (root / "MANIFEST.in").write_text("include ansible.cfg\nprune roles\n")


def alter_the_checksums(root: Path) -> None:
    text = (root / CHECKSUMS).read_text()
    (root / CHECKSUMS).write_text(text.replace("roles/guard", "roles/other"))


def remove_the_signature(root: Path) -> None:
    (root / SIGNATURE).unlink()


def remove_everything(root: Path) -> None:
    (root / SIGNATURE).unlink()
    (root / CHECKSUMS).unlink()


def sign_as_a_stranger(root: Path) -> None:
    sign_project(Project(root), make_key(root.parent / "stranger"))


def sign_for_another_purpose(root: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(root.parent / "release")]
    signed = subprocess.run(command, input=(root / CHECKSUMS).read_bytes(), capture_output=True, check=True)
    (root / SIGNATURE).write_bytes(signed.stdout)


def forbid_the_purpose(root: Path) -> None:
    write_signers(root.parent, 'namespaces="hasivu-play"')


def let_the_key_expire(root: Path) -> None:
    write_signers(root.parent, 'namespaces="hasivu-play-project",valid-before="20250101Z"')


def remove_the_signers(root: Path) -> None:
    (root.parent / "signers").unlink()


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        (alter, "Changed since it was signed: roles/guard/tasks/main.yml."),
        (add, "Added since it was signed: playbooks/evil.yml."),
        (remove, "Removed since it was signed: roles/guard/tasks/main.yml."),
        (link, "roles/other is not to be there."),
        (link_the_folder, "roles is not to be there."),
        (hide, "roles/guard/.ansible-sign is not to be there."),
        (loosen_the_rules, "Changed since it was signed: MANIFEST.in."),
        (alter_the_checksums, "one of them was altered."),
        (remove_the_signature, "The project is not signed: .ansible-sign/sha256sum.txt.sshsig"),
        (remove_everything, "The project is not signed: .ansible-sign/sha256sum.txt cannot be read"),
        (sign_as_a_stranger, "which may not sign projects"),
        (sign_for_another_purpose, "one of them was altered."),
        (forbid_the_purpose, "which may not sign projects"),
        (let_the_key_expire, "which may not sign projects"),
        (remove_the_signers, "The signers of projects cannot be read"),
    ],
)
def test_whatever_is_done_to_it_is_named(root: Path, do: Callable[[Path], None], sentence: str) -> None:
    do(root)
    assert re.search(re.escape(sentence), " ".join(problems(root)))


def test_signers_inside_the_project_vouch_for_nothing(root: Path) -> None:
    (root / "signers").write_text((root.parent / "signers").read_text())
    assert "lies in the project that it is to vouch for" in verdict_of(root, root / "signers").problems[0]


def test_of_many_files_the_first_are_named(root: Path) -> None:
    for number in range(9):
        (root / "playbooks" / f"{number}.yml").touch()
    assert "playbooks/4.yml and 4 more." in problems(root)[0]


def test_what_checksums_do_not_see_is_not_signed(root: Path) -> None:
    (root / "inventory").symlink_to("/tmp")
    with pytest.raises(UsageError, match="inventory: links and folders like this are passed over"):
        sign_project(Project(root), root.parent / "release")


def test_without_rules_nothing_is_signed(root: Path) -> None:
    (root / "MANIFEST.in").unlink()
    with pytest.raises(UsageError, match=r"has no MANIFEST\.in"):
        sign_project(Project(root), root.parent / "release")
    assert "MANIFEST.in cannot be read" in problems(root)[0]
