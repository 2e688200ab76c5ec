# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions of AWS: made before a worker needs one, used by nobody before, and of the credentials of their moment."""

from __future__ import annotations

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import aws


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "SPARE", [])
    aws.preload.cache_clear()


def test_a_session_is_made_in_advance_once_and_handed_out_once() -> None:
    aws.preload("sts")
    aws.preload("iam")
    aws.preload("sts")
    (spare,) = aws.SPARE
    first, second = aws.session(), aws.session()
    assert first._session is spare
    assert second._session is not spare
    assert aws.SPARE == []


def test_a_session_that_was_made_in_advance_reads_credentials_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-parent")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    aws.preload("sts")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-worker")
    assert aws.session().get_credentials().access_key == "of-the-worker"
