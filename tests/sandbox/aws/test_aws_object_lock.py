"""S3 Object Lock: what AWS answers to what protects a record, and to what would take its protection away."""

import base64
import hashlib
import signal
from datetime import UTC, datetime, timedelta

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "hasivu-sandbox-records"
OPEN = "hasivu-sandbox-backups"
BODY = b"a record"
WITHOUT_CHECKSUM = Config(request_checksum_calculation="when_required", retries={"total_max_attempts": 1})


@pytest.fixture
def s3(aws):
    return aws.client("s3")


def later(days=2):
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def sha256(body=BODY):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def locked(name, mode="COMPLIANCE", until=None, bucket=BUCKET):
    lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until or later()}
    return {"Bucket": bucket, "Key": name, "Body": BODY, "ChecksumSHA256": sha256(), **lock}


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_the_bucket_of_records_is_locked_and_keeps_versions(s3):
    """Object Lock works only in buckets with versioning, which then cannot be suspended (User Guide, Object Lock)."""
    lock = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    suspend = {"Bucket": BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}
    assert refused(s3.put_bucket_versioning, **suspend) == (409, "InvalidBucketState")
    missing = (404, "ObjectLockConfigurationNotFoundError")
    assert refused(s3.get_object_lock_configuration, Bucket=OPEN) == missing


def test_an_object_comes_back_with_its_lock_and_its_digest(s3, name):
    """HeadObject returns x-amz-object-lock-mode, -retain-until-date and, when asked, the checksum (API Reference)."""
    until = later()
    version = s3.put_object(**locked(name, until=until))["VersionId"]
    head = s3.head_object(Bucket=BUCKET, Key=name, ChecksumMode="ENABLED")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
    assert (head["ChecksumSHA256"], head["VersionId"]) == (sha256(), version)
    retention = s3.get_object_retention(Bucket=BUCKET, Key=name)["Retention"]
    assert retention == {"Mode": "COMPLIANCE", "RetainUntilDate": until}


def test_a_digest_of_other_bytes_is_refused(s3, name):
    """ "BadDigest: The Content-MD5 or checksum value that you specified did not match what the server received" (API
    Reference, Error responses)."""
    assert refused(s3.put_object, **{**locked(name), "ChecksumSHA256": sha256(b"other")}) == (400, "BadDigest")
    assert refused(s3.head_object, Bucket=BUCKET, Key=name)[0] == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ObjectLockMode": None}, "InvalidArgument"),
        ({"ObjectLockRetainUntilDate": None}, "InvalidArgument"),
        ({"ObjectLockMode": "FOREVER"}, "InvalidArgument"),
        ({"ObjectLockRetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidArgument"),
        ({"Bucket": OPEN}, "InvalidRequest"),
    ],
    ids=["no mode", "no date", "unknown mode", "past", "bucket without a lock"],
)
def test_half_a_lock_or_one_that_is_over_is_refused(s3, name, change, code):
    """Both headers belong together, the date lies in the future, and the bucket has Object Lock (API Reference,
    PutObject; User Guide, Object Lock considerations)."""
    wanted = {key: value for key, value in {**locked(name), **change}.items() if value is not None}
    assert refused(s3.put_object, **wanted) == (400, code)


def test_a_lock_wants_a_digest_of_the_content(aws, name):
    """ "The Content-MD5 or x-amz-sdk-checksum-algorithm header is required for any request to upload an object with a
    retention period configured using Amazon S3 Object Lock" (API Reference, PutObject)."""
    client = aws.client("s3", config=WITHOUT_CHECKSUM)

    def without(request, **_):
        for header in [one for one in request.headers if one.lower().startswith(("x-amz-checksum", "content-md5"))]:
            del request.headers[header]
        del request.headers["x-amz-sdk-checksum-algorithm"]

    client.meta.events.register("before-sign.s3.PutObject", without)
    arguments = {key: value for key, value in locked(name).items() if key != "ChecksumSHA256"}
    assert refused(client.put_object, **arguments) == (400, "InvalidRequest")


def test_what_is_locked_is_neither_removed_nor_loosened(s3, name):
    """In compliance mode nobody, the root user included, overwrites or deletes a version, shortens its retention or
    changes its mode; anybody may lengthen it (User Guide, Retention modes)."""
    until = later()
    version = s3.put_object(**locked(name, until=until))["VersionId"]
    where = {"Bucket": BUCKET, "Key": name, "VersionId": version}
    denied = (403, "AccessDenied")
    assert refused(s3.delete_object, **where) == denied
    assert refused(s3.delete_object, **where, BypassGovernanceRetention=True) == denied
    for mode, when in (("COMPLIANCE", until - timedelta(days=1)), ("GOVERNANCE", until)):
        retention = {"Mode": mode, "RetainUntilDate": when}
        assert refused(s3.put_object_retention, **where, Retention=retention) == denied
    s3.put_object_retention(**where, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until})
    longer = until + timedelta(days=1)
    s3.put_object_retention(**where, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": longer})
    assert s3.head_object(**where)["ObjectLockRetainUntilDate"] == longer


def test_a_marker_hides_what_is_locked_and_removes_nothing(s3, name):
    """A simple DELETE adds a delete marker, under which the locked version stays (User Guide, Object Lock and
    delete markers)."""
    version = s3.put_object(**locked(name))["VersionId"]
    assert s3.delete_object(Bucket=BUCKET, Key=name)["DeleteMarker"] is True
    assert refused(s3.head_object, Bucket=BUCKET, Key=name)[0] == 404
    assert s3.get_object(Bucket=BUCKET, Key=name, VersionId=version)["Body"].read() == BODY


def test_a_time_that_is_over_is_no_retention(s3, name):
    """The retain-until date must be in the future (API Reference, PutObjectRetention)."""
    s3.put_object(**locked(name))
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}
    asked = {"Bucket": BUCKET, "Key": name, "Retention": retention}
    assert refused(s3.put_object_retention, **asked) == (400, "InvalidArgument")


def test_a_bucket_of_somebody_else_is_refused(s3, name):
    """ "If the account ID that you provide does not match the actual owner of the bucket, the request fails with the
    HTTP status code 403 Forbidden (access denied)" (API Reference, ExpectedBucketOwner)."""
    other = {"ExpectedBucketOwner": "999999999999"}
    assert refused(s3.put_object, **locked(name), **other) == (403, "AccessDenied")
    assert refused(s3.get_object_lock_configuration, Bucket=BUCKET, **other) == (403, "AccessDenied")
    s3.put_object(**locked(name), ExpectedBucketOwner="204867531290")


def test_a_lock_outlives_the_process(own_aws, name):
    """A retention is metadata of the object version (User Guide, Object Lock)."""
    own_aws.start()
    own_aws.client("s3").put_object(**locked(name))
    own_aws.end(signal.SIGKILL)
    own_aws.start()
    head = own_aws.client("s3").head_object(Bucket=BUCKET, Key=name, ChecksumMode="ENABLED")
    assert (head["ObjectLockMode"], head["ChecksumSHA256"]) == ("COMPLIANCE", sha256())
    where = {"Bucket": BUCKET, "Key": name, "VersionId": head["VersionId"]}
    assert refused(own_aws.client("s3").delete_object, **where) == (403, "AccessDenied")
