"""Records exported to S3: written once, read back, compared, and verified from there with public tools alone."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.recording import begin, sandbox_key, sealed

from hasivu_play import records
from hasivu_play.doctor_archive import check_runs
from hasivu_play.errors import LockedError, RefusedError, StoppedError, UsageError
from hasivu_play.records_archive import Archive, archive_in
from hasivu_play.records_bucket import Bucket
from hasivu_play.records_receipts import exported
from hasivu_play.records_upload import missing, upload

DOCUMENT = Path(__file__).parents[3] / "docs" / "records.md"
ACCOUNT = "204867531290"
BUCKET = "hasivu-sandbox-records"
DECLARED = {"bucket": BUCKET, "mode": "COMPLIANCE", "days": 400, "owner": ACCOUNT, "region": "ap-south-1"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def archive(name: str) -> Archive:
    found = archive_in({"record_archive": {**DECLARED, "prefix": f"{name}/"}})
    assert found
    return found


@pytest.fixture
def settings(aws) -> dict[str, str]:
    credentials = str(aws.layout.credential("aws"))
    return {"AWS_ENDPOINT_URL": aws.url, "AWS_SHARED_CREDENTIALS_FILE": credentials}


@pytest.fixture
def bucket(archive: Archive, settings: dict[str, str]) -> Bucket:
    return Bucket(archive, settings)


@pytest.fixture
def run(home: Path) -> records.Run:
    return records.load(sealed(home, sandbox_key(home)).name)


def objects(aws, archive: Archive) -> list[dict]:
    """Return every version and marker below the prefix of a test."""
    listed = aws.client("s3").list_object_versions(Bucket=BUCKET, Prefix=archive.prefix)
    return listed.get("Versions", []) + listed.get("DeleteMarkers", [])


def test_a_record_is_written_once_and_locked(aws, bucket, archive, run):
    bucket.refuse_unlocked()
    assert [one.id for one in missing("sandbox")] == [run.id]
    first, again = upload(run, bucket), upload(run, bucket)
    assert (first.written, again.written) == (True, False)
    assert first.problems == again.problems == []
    (stored,) = objects(aws, archive)
    assert stored["Key"].startswith(f"{archive.prefix}{run.id}-")
    head = aws.client("s3").head_object(Bucket=BUCKET, Key=stored["Key"])
    assert head["ObjectLockMode"] == "COMPLIANCE"
    kept = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=399) < kept <= timedelta(days=400)
    assert exported() == {run.id}
    assert missing("sandbox") == []


def test_the_same_record_packs_to_the_same_object_wherever_its_folder_lies(
    aws, bucket, archive, run, home, monkeypatch
):
    upload(run, bucket)
    shutil.copytree(home / "runs", home / "elsewhere" / "runs", copy_function=shutil.copyfile)
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(home / "elsewhere"))
    assert not upload(records.load(run.id), bucket).written
    assert len(objects(aws, archive)) == 1


def test_a_record_that_was_altered_after_its_export_is_named(bucket, run):
    upload(run, bucket)
    with (run.directory / "manifest.json").open("a") as manifest:
        manifest.write(" ")
    found = upload(run, bucket)
    assert not found.written
    assert f"differs from the record here in {run.id}/manifest.json." in found.problems[0]
    assert any("signature does not fit" in problem for problem in found.problems)


def test_another_version_over_the_record_is_found(aws, bucket, archive, run):
    upload(run, bucket)
    (stored,) = objects(aws, archive)
    aws.client("s3").put_object(Bucket=BUCKET, Key=stored["Key"], Body=b"nothing happened here")
    assert "is no archive of a record" in upload(run, bucket).problems[0]
    kept = aws.client("s3").get_object(Bucket=BUCKET, Key=stored["Key"], VersionId=stored["VersionId"])
    assert kept["Body"].read(2) == b"\x1f\x8b"


def test_a_removed_record_is_written_again(aws, bucket, archive, run):
    upload(run, bucket)
    aws.client("s3").delete_object(Bucket=BUCKET, Key=objects(aws, archive)[0]["Key"])
    found = upload(run, bucket)
    assert found.written
    assert found.problems == []


def test_a_longer_retention_in_the_inventory_lengthens_what_is_there(archive, settings, bucket, run):
    upload(run, bucket)
    longer = upload(run, Bucket(replace(archive, days=800), settings))
    assert longer.problems == []
    assert datetime.fromisoformat(longer.retain_until) > datetime.now(UTC) + timedelta(days=799)
    assert upload(run, bucket).retain_until == longer.retain_until


@pytest.mark.parametrize("fault", ["throttled", "lost_answers"])
def test_an_upload_that_is_tried_twice_is_written_once(aws, faults, bucket, archive, run, fault):
    """Of a lost answer the second try learns that the object is there already, and compares it."""
    faults(**{fault: {"s3:PutObject": 1}})
    assert upload(run, bucket).problems == []
    assert len(objects(aws, archive)) == 1


def test_an_upload_that_is_cut_off_leaves_nothing_and_is_done_by_running_again(aws, archive, settings, bucket, run):
    (run.directory / "large.bin").write_bytes(bytes(range(256)) * 20000)
    with cut_off_after(4096) as address, pytest.raises(StoppedError, match="Run the same command again"):
        upload(run, Bucket(archive, {**settings, "AWS_ENDPOINT_URL": address}, attempts=1))
    assert objects(aws, archive) == []
    assert exported() == set()
    assert upload(run, bucket).written


class cut_off_after:  # noqa: N801  # reads as a sentence
    """A server that closes each connection after so many bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.server = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        threading.Thread(target=self.serve, daemon=True).start()
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                got = 0
                while got < self.size and (chunk := connection.recv(1024)):
                    got += len(chunk)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bucket": "hasivu-sandbox-backups"}, "The bucket hasivu-sandbox-backups has no Object Lock."),
        ({"bucket": "hasivu-nowhere"}, "There is no bucket hasivu-nowhere."),
        ({"owner": "999999999999"}, "could not be read (AccessDenied"),
    ],
    ids=["no lock", "no bucket", "somebody else's"],
)
def test_a_bucket_that_does_not_protect_records_is_refused(archive, settings, change, sentence):
    with pytest.raises(RefusedError, match=re.escape(sentence)):
        Bucket(replace(archive, **change), settings).refuse_unlocked()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mode": "FOREVER"}, "mode 'FOREVER'"),
        ({"days": 0}, "days '0'"),
        ({"days": "long"}, "`days` of `record_archive` is 'long'"),
        ({"owner": "REPLACE"}, "owner 'REPLACE'"),
        ({"prefix": "records"}, "does not end in /"),
        ({"bucket": "No Bucket"}, "is no name of a bucket"),
    ],
)
def test_an_archive_that_cannot_be_is_refused_before_anything_is_asked(change, sentence):
    with pytest.raises(UsageError, match=re.escape(sentence)):
        archive_in({"record_archive": {**DECLARED, **change}})


def test_no_bucket_in_the_inventory_is_no_archive():
    assert archive_in({}) is None
    assert archive_in({"record_archive": {"bucket": ""}}) is None


def test_a_run_that_still_runs_is_left_alone(aws, bucket, archive, home):
    opened = begin(home)
    with pytest.raises(LockedError, match="still runs"):
        upload(records.load("2026"), bucket)
    assert missing("sandbox") == []
    assert objects(aws, archive) == []
    opened.close()


def test_the_doctor_tells_late_runs_from_young_ones(archive, run):
    ended = datetime.fromisoformat(run.ended)
    found = {
        (hours, after): check_runs(replace(archive, late_hours=hours), "sandbox", ended + timedelta(hours=after))
        for hours, after in ((24, 23), (24, 25), (0, 9999))
    }
    assert [check.ok for check in found.values()] == [True, False, True]
    assert all("runs not exported yet: 1" in check.says for check in found.values())
    assert "runs export --to s3 --env sandbox" in found[24, 25].mend


def test_an_archive_from_the_bucket_verifies_with_the_documented_commands(aws, bucket, archive, run, tmp_path):
    """The commands are those of the document, as they stand there; only the download is made with boto3."""
    upload(run, bucket)
    key = objects(aws, archive)[0]["Key"]
    got = aws.client("s3").get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    folder = tmp_path / "auditor"
    folder.mkdir()
    (folder / "november.tar.gz").write_bytes(got["Body"].read())
    digest, unpack, find, verify, check, altered = documented()
    assert shell(digest, folder) == (0, got["ChecksumSHA256"] + "\n")
    assert shell(unpack, folder)[0] == 0
    public = (tmp_path / "sandbox" / "credentials" / "record_ed25519.pub").read_text()
    (folder / run.id / "allowed_signers").write_text(f'records@hasivu namespaces="hasivu-play-record" {public}')
    assert shell(find, folder / run.id) == (0, "records@hasivu\n")
    code, said = shell(verify, folder / run.id)
    assert (code, said[:58]) == (0, 'Good "hasivu-play-record" signature for records@hasivu wit')
    assert shell(check, folder / run.id) == (0, "record.jsonl: OK\nrecord.sha256: OK\n")
    assert shell(altered, folder / run.id)[1] == ""
    lines = (folder / run.id / "record.jsonl").read_text().splitlines(keepends=True)
    (folder / run.id / "record.jsonl").write_text("".join([*lines[:3], lines[3].replace("Step", "step"), *lines[4:]]))
    assert shell(check, folder / run.id)[0] == 1
    assert shell(altered, folder / run.id)[1].startswith("4c4")


def documented() -> list[str]:
    """Return the commands of the document's chapter on public tools, without the remarks beside them."""
    chapter = DOCUMENT.read_text().partition("## Verify it without hasivu-play")[2].partition("\n## ")[0]
    commands = [line.removeprefix("$ ") for line in chapter.splitlines() if line.startswith("$ ")]
    return [command for command in commands if not command.startswith("aws ")]


def shell(command: str, folder: Path) -> tuple[int, str]:
    """Run a command of the document in a folder."""
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout
