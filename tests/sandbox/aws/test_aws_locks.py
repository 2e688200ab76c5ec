"""S3 as a lock: conditional writes, as `Amazon S3 User Guide, How to prevent object overwrites` describes them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from botocore.exceptions import ClientError

BUCKET = "hasivu-sandbox-locks"


def put(client, key, body=b"holder", **condition):
    try:
        return 200, client.put_object(Bucket=BUCKET, Key=key, Body=body, **condition)["ETag"]
    except ClientError as refused:
        return refused.response["ResponseMetadata"]["HTTPStatusCode"], refused.response["Error"]["Code"]


def take(client, key, holder):
    return put(client, key, str(holder).encode(), IfNoneMatch="*")


@pytest.fixture
def s3(aws):
    return aws.client("s3")


def test_a_put_that_must_not_overwrite_is_refused_when_the_object_is_there(s3, name):
    """`If-None-Match: *` answers 412 Precondition Failed when the key exists."""
    assert put(s3, name, IfNoneMatch="*")[0] == 200
    assert put(s3, name, IfNoneMatch="*") == (412, "PreconditionFailed")
    s3.delete_object(Bucket=BUCKET, Key=name)
    assert put(s3, name, IfNoneMatch="*")[0] == 200


def test_a_put_that_must_match_is_refused_when_the_object_has_changed(s3, name):
    """`If-Match` answers 412 for another ETag and 404 for a missing key."""
    _, first = put(s3, name)
    status, second = put(s3, name, b"renewed", IfMatch=first)
    assert status == 200
    assert second != first
    assert put(s3, name, IfMatch=first) == (412, "PreconditionFailed")
    assert put(s3, f"{name}-missing", IfMatch=first) == (404, "NoSuchKey")
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == b"renewed"


def test_a_delete_that_must_match_spares_a_lock_that_another_has_taken(s3, name):
    """`If-Match` on DeleteObject answers 412 for another ETag (S3 API Reference, DeleteObject)."""
    _, first = put(s3, name)
    put(s3, name, b"another")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.delete_object(Bucket=BUCKET, Key=name, IfMatch=first)
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == b"another"


def test_of_many_who_take_a_lock_at_once_one_has_it(aws, s3, name):
    """The first conditional write to finish succeeds, the others answer 412."""
    for attempt in range(5):
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(partial(take, s3, f"{name}-{attempt}"), range(8)))
        assert sorted(status for status, _ in answers) == [200] + [412] * 7
