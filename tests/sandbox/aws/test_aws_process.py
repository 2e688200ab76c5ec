"""The emulator as a process: it starts seeded, ends quickly, survives being killed, and keeps its secrets."""

import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError


def test_it_ends_cleanly_by_itself_even_while_a_client_is_connected(own_aws):
    own_aws.start()
    client = own_aws.client("sts")
    client.get_caller_identity()
    assert own_aws.end(signal.SIGTERM) == 0


def test_what_was_changed_is_there_after_a_kill(own_aws):
    own_aws.start()
    secrets, functions = own_aws.client("secretsmanager"), own_aws.client("lambda")
    secrets.put_secret_value(SecretId="hasivu/sandbox/database/application", SecretString="changed")
    functions.update_function_configuration(FunctionName="hasivu-platform-api-orders", MemorySize=1024)
    own_aws.client("s3").put_object(Bucket="hasivu-sandbox-locks", Key="held", Body=b"me", IfNoneMatch="*")
    own_aws.client("cloudwatch").set_alarm_state(
        AlarmName="HASIVU-payment-success", StateValue="ALARM", StateReason="test"
    )
    own_aws.client("logs").put_log_events(
        logGroupName="/aws/lambda/hasivu-platform-api-rfid",
        logStreamName="sandbox",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "kept"}],
    )
    own_aws.end(signal.SIGKILL)
    own_aws.start()

    current = own_aws.client("secretsmanager").get_secret_value(SecretId="hasivu/sandbox/database/application")
    assert current["SecretString"] == "changed"
    function = own_aws.client("lambda").get_function_configuration(FunctionName="hasivu-platform-api-orders")
    assert function["MemorySize"] == 1024
    with pytest.raises(ClientError, match="PreconditionFailed"):
        own_aws.client("s3").put_object(Bucket="hasivu-sandbox-locks", Key="held", Body=b"you", IfNoneMatch="*")
    alarms = own_aws.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["HASIVU-payment-success"]
    events = own_aws.client("logs").filter_log_events(logGroupName="/aws/lambda/hasivu-platform-api-rfid")["events"]
    assert [event["message"] for event in events] == ["kept"]
    trail = own_aws.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutSecretValue"}]
    )
    assert len(trail["Events"]) == 1


def test_a_kill_during_the_first_start_is_mended_by_the_next_one(own_aws):
    own_aws.start()
    own_aws.end(signal.SIGKILL)
    (own_aws.directory / "state" / "seeded").unlink()
    own_aws.start()
    names = {bucket["Name"] for bucket in own_aws.client("s3").list_buckets()["Buckets"]}
    assert names == {
        "hasivu-sandbox-backups",
        "hasivu-sandbox-locks",
        "hasivu-sandbox-records",
        "hasivu-sandbox-reports",
    }


def test_it_listens_on_loopback_only(aws):
    inodes = {
        Path(f"/proc/{aws.process.pid}/fd/{fd.name}").readlink().name
        for fd in Path(f"/proc/{aws.process.pid}/fd").iterdir()
        if fd.is_symlink()
    }
    sockets = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    listening = [fields[1] for fields in sockets if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes]
    assert listening == [f"0100007F:{aws.port:04X}"]


def test_its_files_are_for_their_owner_only(aws):
    files = [path for path in aws.directory.rglob("*") if path.name not in ("server.log", "faults.json")]
    assert [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_no_secret_is_in_its_logs_arguments_or_environment(aws):
    aws.client("secretsmanager").get_secret_value(SecretId="hasivu/sandbox/database/application")
    process = Path(f"/proc/{aws.process.pid}")
    key = aws.layout.read_credential("aws").split("aws_secret_access_key = ")[1].split()[0]
    seen = aws.log() + (aws.directory / "requests.jsonl").read_text()
    seen += (process / "cmdline").read_text() + (process / "environ").read_text()
    for secret in ("first-secret-of-the-test", "second-secret-of-the-test", key):
        assert secret not in seen


def test_the_package_is_light_to_import(aws):
    code = "import hasivu_play.sandbox.aws, sys; sys.exit('botocore' in sys.modules or 'ministack' in sys.modules)"
    assert subprocess.run([aws.process.args[0], "-c", code], check=False).returncode == 0
