"""What the gateway does with a request: it names it, says whether it changes anything, and refuses what is unknown."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

FUNCTION = "hasivu-platform-api-menus"

CALLS = [
    ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity", False),
    ("rds", "describe_db_instances", {}, "rds:DescribeDBInstances", False),
    ("rds", "add_tags_to_resource",
     {"ResourceName": "arn:aws:rds:ap-south-1:204867531290:db:hasivu-sandbox", "Tags": [{"Key": "a", "Value": "b"}]},
     "rds:AddTagsToResource", True),
    ("iam", "list_users", {}, "iam:ListUsers", False),
    ("iam", "generate_credential_report", {}, "iam:GenerateCredentialReport", False),
    ("cloudwatch", "describe_alarms", {}, "cloudwatch:DescribeAlarms", False),
    ("cloudwatch", "put_metric_data", {"Namespace": "T", "MetricData": [{"MetricName": "m", "Value": 1}]},
     "cloudwatch:PutMetricData", True),
    ("logs", "describe_log_groups", {}, "logs:DescribeLogGroups", False),
    ("secretsmanager", "get_random_password", {}, "secretsmanager:GetRandomPassword", False),
    ("lambda", "list_functions", {}, "lambda:ListFunctions", False),
    ("lambda", "get_function_configuration", {"FunctionName": FUNCTION}, "lambda:GetFunctionConfiguration", False),
    ("lambda", "update_function_configuration", {"FunctionName": FUNCTION, "Timeout": 20},
     "lambda:UpdateFunctionConfiguration", True),
    ("lambda", "invoke", {"FunctionName": FUNCTION}, "lambda:Invoke", True),
    ("s3", "list_buckets", {}, "s3:ListBuckets", False),
    ("s3", "list_objects_v2", {"Bucket": "hasivu-sandbox-backups"}, "s3:ListObjectsV2", False),
    ("s3", "get_bucket_versioning", {"Bucket": "hasivu-sandbox-backups"}, "s3:GetBucketVersioning", False),
    ("s3", "put_object", {"Bucket": "hasivu-sandbox-locks", "Key": "a/b c+d", "Body": b""}, "s3:PutObject", True),
    ("s3", "copy_object", {"Bucket": "hasivu-sandbox-locks", "Key": "copy",
                           "CopySource": "hasivu-sandbox-locks/a/b c+d"}, "s3:CopyObject", True),
    ("s3", "head_object", {"Bucket": "hasivu-sandbox-locks", "Key": "a/b c+d"}, "s3:HeadObject", False),
    ("s3", "delete_objects", {"Bucket": "hasivu-sandbox-locks", "Delete": {"Objects": [{"Key": "copy"}]}},
     "s3:DeleteObjects", True),
    ("sqs", "list_queues", {}, "sqs:ListQueues", False),
    ("backup", "list_backup_jobs", {}, "backup:ListBackupJobs", False),
    ("ec2", "describe_security_groups", {}, "ec2:DescribeSecurityGroups", False),
]  # fmt: skip


@pytest.fixture
def an_object(aws):
    aws.client("s3").put_object(Bucket="hasivu-sandbox-locks", Key="a/b c+d", Body=b"")


@pytest.mark.parametrize(("service", "method", "parameters", "action", "changing"), CALLS, ids=[c[3] for c in CALLS])
def test_a_call_is_logged_under_its_name(aws, an_object, service, method, parameters, action, changing):
    getattr(aws.client(service), method)(**parameters)
    logged = aws.requests()[-1]
    assert (logged["action"], logged["changing"], logged["status"] // 100) == (action, changing, 2)
    assert logged["client"].startswith("Boto3/")
    assert logged["service"] == "aws"


def test_a_dry_run_changes_nothing(aws, name):
    aws.client("lambda").invoke(FunctionName=FUNCTION, InvocationType="DryRun")
    assert aws.requests()[-1]["changing"] is False


def test_health_is_not_logged(aws):
    before = len(aws.requests())
    assert aws.healthy()
    assert len(aws.requests()) == before


UNKNOWN = [
    ("rds", "copy_db_snapshot", {"SourceDBSnapshotIdentifier": "a", "TargetDBSnapshotIdentifier": "b"}),
    ("rds", "reboot_db_cluster", {"DBClusterIdentifier": "a"}),
    ("ec2", "describe_volumes", {}),
    ("logs", "create_export_task", {"logGroupName": "/a", "fromTime": 1, "to": 2, "destination": "b"}),
    ("secretsmanager", "rotate_secret", {"SecretId": "hasivu/sandbox/database/application"}),
    ("lambda", "list_code_signing_configs", {}),
    ("cloudfront", "list_functions", {}),
    ("s3", "put_bucket_website", {"Bucket": "hasivu-sandbox-locks",
                                  "WebsiteConfiguration": {"IndexDocument": {"Suffix": "i"}}}),
    ("guardduty", "list_detectors", {}),
    ("ecr", "describe_repositories", {}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "parameters"), UNKNOWN, ids=[f"{c[0]}-{c[1]}" for c in UNKNOWN])
def test_an_operation_that_the_emulator_does_not_know_fails_loudly_in_every_protocol(aws, service, method, parameters):
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service), method)(**parameters)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    logged = aws.requests()[-1]
    assert logged["status"] == 501
    assert logged["action"] in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize("path", ["/", "/_ministack/reset", "/_ministack/config", "/hasivu-sandbox-backups"])
def test_a_request_without_a_signature_is_refused(aws, path):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(aws.url + path, data=b"", method="POST"))
    assert refused.value.code == 403


def test_a_service_that_is_down_answers_as_aws_does_in_an_outage(aws, faults):
    faults(down=["rds"])
    with pytest.raises(ClientError) as refused:
        aws.client("rds").describe_db_instances()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert aws.client("sts").get_caller_identity()["Account"] == "204867531290"


def test_lines_of_parallel_requests_do_not_mix(aws):
    client = aws.client("sts")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.get_caller_identity(), range(40)))
    lines = (aws.directory / "requests.jsonl").read_text().splitlines()
    assert all(json.loads(line)["at"].endswith("Z") for line in lines)
