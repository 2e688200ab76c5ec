"""S3: what Object Lock refuses, and buckets of other accounts than a request expects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import s3

Handler = Callable[..., Any]

MODE, UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
MODES = ("COMPLIANCE", "GOVERNANCE")
BOTH = f"{UNTIL} and {MODE} must both be supplied"
PAST = "The retain until date must be in the future!"
UNKNOWN = "Unknown wormMode directive."
UNCHECKED = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
FIXED = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."


def apply() -> None:
    """Replace what takes objects with a lock, what changes a lock, and what lets requests in."""
    s3._dispatch = for_the_owner(s3._dispatch)
    s3._object_lock_header_error = whole(s3._object_lock_header_error)
    s3._put_object = checked(s3._put_object)
    s3._put_object_retention = in_the_future(s3._put_object_retention)
    s3._PERSISTED_BUCKET_DICTS |= {"retention": s3._object_retention, "legal_hold": s3._object_legal_hold}
    s3._put_bucket_versioning = never_suspended(s3._put_bucket_versioning)


def for_the_owner(original: Handler) -> Handler:
    """Return the front door of S3 that turns requests away which expect a bucket of another account."""

    def dispatch(method: str, bucket: str, key: str, headers: dict[str, str], *rest: Any) -> Any:
        expected = headers.get("x-amz-expected-bucket-owner")
        if expected and bucket and expected != get_account_id():
            return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
        return original(method, bucket, key, headers, *rest)

    return dispatch


def whole(original: Handler) -> Handler:
    """Return the check of a lock in headers that also refuses half a lock, an unknown one, and one that is over."""

    def refusal(bucket: str, headers: dict[str, str]) -> Any:
        mode, until = headers.get(MODE, ""), headers.get(UNTIL, "")
        if bool(mode) != bool(until):
            return s3._error("InvalidArgument", BOTH, 400)
        if mode and mode not in MODES:
            return s3._error("InvalidArgument", UNKNOWN, 400)
        if until and moment_of(until) <= datetime.now(UTC):
            return s3._error("InvalidArgument", PAST, 400)
        return original(bucket, headers)

    return refusal


def checked(original: Handler) -> Handler:
    """Return PutObject that takes a lock only with a digest of the content, and keeps its time as S3 writes it."""

    def put(bucket: str, key: str, body: bytes, headers: dict[str, str]) -> Any:
        digests = [name for name in headers if name.startswith("x-amz-checksum-") or name == "content-md5"]
        if headers.get(MODE) and not digests:
            return s3._error("InvalidRequest", UNCHECKED, 400)
        until = moment_or_none(headers.get(UNTIL, ""))
        return original(bucket, key, body, {**headers, UNTIL: written(until)} if until else headers)

    return put


def in_the_future(original: Handler) -> Handler:
    """Return PutObjectRetention that refuses a time that is over, and compares times and not their spellings."""

    def put(bucket: str, key: str, body: bytes, *rest: Any) -> Any:
        until = moment_or_none(text_of(body, "RetainUntilDate"))
        if until and until <= datetime.now(UTC):
            return s3._error("InvalidArgument", PAST, 400)
        spelled = text_of(body, "RetainUntilDate").encode()
        return original(bucket, key, body.replace(spelled, written(until).encode()) if until else body, *rest)

    return put


def never_suspended(original: Handler) -> Handler:
    """Return PutBucketVersioning that leaves a bucket with Object Lock alone."""

    def put(bucket: str, body: bytes) -> Any:
        if s3._bucket_object_lock.get(bucket) and text_of(body, "Status") != "Enabled":
            return s3._error("InvalidBucketState", FIXED, 409, f"/{bucket}")
        return original(bucket, body)

    return put


def text_of(body: bytes, tag: str) -> str:
    """Return the text of an element of a request, or nothing."""
    try:
        found = s3._find_xml_tag(s3.fromstring(body), tag)
    except Exception:  # whatever the parser says, ministack answers MalformedXML
        return ""
    return (found.text or "").strip() if found is not None else ""


def moment_of(text: str) -> datetime:
    """Return the moment that a header names; one that is none is long over."""
    return moment_or_none(text) or datetime.min.replace(tzinfo=UTC)


def moment_or_none(text: str) -> datetime | None:
    """Return a moment, or nothing where the text is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """Return a moment as S3 writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
