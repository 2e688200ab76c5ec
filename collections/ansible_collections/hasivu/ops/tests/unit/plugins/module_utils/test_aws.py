# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients of AWS: made once for a process, of the credentials of their moment, and over what was loaded before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import aws


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "SPARE", [])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-parent")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for kept in (aws.preload, aws.kept_session, aws.kept_client):
        kept.cache_clear()


def client(service: str = "sts", region: str = "ap-south-1", **options: int) -> Any:
    return aws.new_client(service, region, "http://127.0.0.1:9", **options)


def key_of(made: Any) -> str:
    return str(made._request_signer._credentials.access_key)


def test_a_session_is_made_in_advance_once() -> None:
    aws.preload("sts")
    aws.preload("iam")
    aws.preload("sts")
    (spare,) = aws.SPARE
    assert aws.session()._session is spare
    assert aws.SPARE == []


def test_a_session_that_was_made_in_advance_reads_credentials_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    aws.preload("sts")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-worker")
    assert aws.session().get_credentials().access_key == "of-the-worker"


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    first = client()
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert client() is first
    others = [client("iam"), client(region="us-east-1"), client(attempts=1)]
    assert len({id(one) for one in (first, *others)}) == 4


def test_a_client_is_of_the_credentials_of_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    first = client()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-next-step")
    second = client()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-parent")
    assert [key_of(one) for one in (first, second, client())] == ["of-the-parent", "of-the-next-step", "of-the-parent"]


def test_a_process_never_uses_the_client_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = client()
    monkeypatch.setattr(aws.os, "getpid", lambda: -1)
    assert client() is not first


def test_threads_that_ask_at_once_get_one_client() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({id(made) for made in pool.map(lambda _: client(), range(32))}) == 1
