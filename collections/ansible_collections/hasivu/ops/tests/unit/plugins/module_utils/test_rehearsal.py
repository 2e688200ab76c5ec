"""What a rehearsal lets through to AWS, Kubernetes and Redis, and what it does not send."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import aws, rehearsal
from ansible_collections.hasivu.ops.plugins.module_utils.rehearsal import RehearsalError
from botocore.exceptions import EndpointConnectionError
from botocore.session import get_session


@pytest.fixture(autouse=True)
def rehearsing() -> Iterator[None]:
    rehearsal.begin(True)
    yield
    rehearsal.begin(False)


def client(monkeypatch: pytest.MonkeyPatch, service: str) -> Any:
    """Return a client of a server that is not there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    return aws.new_client(service, "ap-south-1", "http://127.0.0.1:9", attempts=1)


def test_a_change_is_not_sent_to_aws_and_a_question_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RehearsalError, match="must not send IAM CreateUser"):
        client(monkeypatch, "iam").create_user(UserName="somebody")
    with pytest.raises(EndpointConnectionError):
        client(monkeypatch, "iam").list_users()
    rehearsal.begin(False)
    with pytest.raises(EndpointConnectionError):
        client(monkeypatch, "iam").create_user(UserName="somebody")


@pytest.mark.parametrize(
    "service", ["cloudwatch", "elasticache", "events", "iam", "kms", "lambda", "rds", "secretsmanager", "sqs"]
)
def test_no_operation_of_aws_that_changes_something_is_taken_for_a_question(service: str) -> None:
    model = get_session().get_service_model(service)
    verbs = (
        "Create",
        "Delete",
        "Modify",
        "Put",
        "Update",
        "Restore",
        "Start",
        "Stop",
        "Remove",
        "Send",
        "Invoke",
        "Tag",
    )
    changing = [name for name in model.operation_names if name.startswith(verbs)]
    assert changing
    for name in changing:
        with pytest.raises(RehearsalError):
            rehearsal.refuse_operation(SimpleNamespace(name=name, service_model=model))


@pytest.mark.parametrize(
    ("method", "path", "query", "refused"),
    [
        ("GET", "/api/v1/pods", None, False),
        ("PATCH", "/apis/apps/v1/namespaces/hasivu/deployments/api", {"dryRun": "All"}, False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", None, False),
        ("PATCH", "/apis/apps/v1/namespaces/hasivu/deployments/api", None, True),
        ("DELETE", "/api/v1/namespaces/hasivu/pods/api", {"dryRun": "no"}, True),
    ],
)
def test_kubernetes_is_asked_and_tried_but_not_changed(method: str, path: str, query: Any, refused: bool) -> None:
    if not refused:
        rehearsal.refuse_request(method, path, query)
        return
    with pytest.raises(RehearsalError, match=f"{method} {path}"):
        rehearsal.refuse_request(method, path, query)


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (("PING",), False),
        (("SCAN", "0", "MATCH", "menu:*"), False),
        (("client", "list"), False),
        (("CLIENT KILL", "ID", "3"), True),
        (("UNLINK", "menu:1"), True),
        (("CONFIG SET", "requirepass", "x"), True),
        (("FLUSHALL",), True),
    ],
)
def test_redis_is_asked_and_not_changed(command: tuple[str, ...], refused: bool) -> None:
    if not refused:
        rehearsal.refuse_command(*command)
        return
    with pytest.raises(RehearsalError):
        rehearsal.refuse_command(*command)
