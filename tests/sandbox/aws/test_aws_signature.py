"""A request counts only when an active key of IAM signed it; a user has two keys and no third."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

USER = "hasivu-reports"
ONCE = Config(retries={"total_max_attempts": 1})
CALLS = {
    "sts": lambda client: client.get_caller_identity(),
    "secretsmanager": lambda client: client.list_secrets(),
    "s3": lambda client: client.put_object(
        Bucket="hasivu-sandbox-reports", Key="a folder/ü&=+.json", Body=b"{}", Metadata={"two": "a  b"}
    ),
}


@pytest.fixture
def key(aws):
    """Return a second key of the service user, which is deleted in the end."""
    iam = aws.client("iam")
    made = iam.create_access_key(UserName=USER)["AccessKey"]
    yield made
    if made["AccessKeyId"] in keys(iam):
        iam.delete_access_key(UserName=USER, AccessKeyId=made["AccessKeyId"])


def keys(iam):
    return [one["AccessKeyId"] for one in iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]]


def ask(aws, service, key, secret=None):
    login = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": secret or key["SecretAccessKey"]}
    client = boto3.client(service, region_name="ap-south-1", endpoint_url=aws.url, config=ONCE, **login)
    return CALLS[service](client)


def refusal(aws, service, key, secret=None):
    with pytest.raises(ClientError) as raised:
        ask(aws, service, key, secret)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return raised.value.response["Error"]["Code"]


@pytest.mark.parametrize("service", CALLS)
def test_an_active_key_is_let_in_by_its_own_secret(aws, key, service):
    answer = ask(aws, service, key)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    if service == "sts":
        assert answer["Arn"] == f"arn:aws:iam::204867531290:user/{USER}"


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "SignatureDoesNotMatch"),
        ("secretsmanager", "InvalidSignatureException"),
        ("s3", "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_secret_gives_no_valid_signature(aws, key, service, code):
    """IAM User Guide, Troubleshoot Signature Version 4; S3 API Reference, Error responses."""
    assert refusal(aws, service, key, "not-the-secret-of-this-key") == code


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "InvalidClientTokenId"),
        ("secretsmanager", "UnrecognizedClientException"),
        ("s3", "InvalidAccessKeyId"),
    ],
)
def test_a_key_that_is_inactive_or_deleted_is_not_let_in(aws, key, service, code):
    """InvalidClientTokenId, UnrecognizedClientException (Common errors of the APIs); InvalidAccessKeyId (S3)."""
    iam = aws.client("iam")
    of_user = {"UserName": USER, "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**of_user, Status="Inactive")
    assert refusal(aws, service, key) == code
    iam.update_access_key(**of_user, Status="Active")
    ask(aws, service, key)
    iam.delete_access_key(**of_user)
    assert refusal(aws, service, key) == code


def test_a_user_has_two_keys_and_no_third(aws, key):
    """Two access keys for a user at most (IAM User Guide, IAM and STS quotas); LimitExceeded, HTTP 409
    (IAM API Reference, CreateAccessKey)."""
    with pytest.raises(ClientError) as raised:
        aws.client("iam").create_access_key(UserName=USER)
    assert raised.value.response["Error"]["Code"] == "LimitExceeded"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_refused_call_is_no_use_of_a_key(aws, key):
    """A new key was never used: no LastUsedDate (IAM API Reference, AccessKeyLastUsed)."""
    iam = aws.client("iam")
    refusal(aws, "sts", key, "not-the-secret-of-this-key")
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"].get("LastUsedDate")) == (USER, None)
    ask(aws, "sts", key)
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert used["ServiceName"] == "sts"
    assert used["LastUsedDate"]
