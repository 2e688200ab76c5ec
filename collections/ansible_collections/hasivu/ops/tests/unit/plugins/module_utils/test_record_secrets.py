# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""No spelling of a secret stays in what a record holds."""

from __future__ import annotations

import base64
import html
import json
from datetime import date
from urllib.parse import quote

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker
from hypothesis import given
from hypothesis import strategies as st

SECRET = 'p@ss "w&rd'


@pytest.fixture
def masker() -> Masker:
    knows = Masker()
    knows.learn(SECRET)
    return knows


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_every_spelling_becomes_the_same_token(masker: Masker, spelled: str) -> None:
    assert masker.text(f"<{spelled}>") == f"<{masker.token(SECRET)}>"


@given(st.recursive(st.just(SECRET), lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner)))
def test_no_depth_hides_a_secret(value: object) -> None:
    masker = Masker()
    masker.learn(SECRET)
    assert "w&rd" not in json.dumps(masker.mask({"x": value}))


def test_the_token_tells_equal_secrets_of_one_run_only(masker: Masker) -> None:
    assert masker.token("a") == masker.token("a") != masker.token("b")
    assert masker.token("a") != Masker().token("a")


def test_masking_twice_is_masking_once(masker: Masker) -> None:
    once = masker.mask({"password": "x1", "dsn": f"postgresql://u:y2@h/{SECRET}", "s": "password=z3 host=h"})
    assert masker.mask(once) == once


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://hasivu:hunter2@db/hasivu", "postgresql://hasivu:*@db/hasivu"),
        ("host=db password=hunter2 user=u", "host=db password=* user=u"),
        ("host=db password='hunter2' user=u", "host=db password=* user=u"),
        ("https://example.org:8443/path?mail=a@b", "https://example.org:8443/path?mail=a@b"),
        ("redis://:hunter2@cache:6379", "redis://:*@cache:6379"),
    ],
)
def test_a_password_in_an_address_or_a_setting_goes_though_nobody_named_it(text: str, left: str) -> None:
    masker = Masker()
    assert masker.text(text) == left.replace("*", masker.token("hunter2"))


def test_a_value_under_the_name_of_a_secret_goes(masker: Masker) -> None:
    found = masker.mask({"SecretString": "abc", "db_password": "def", "token_count": 3, "secret_name": "hasivu/x"})
    assert found["SecretString"].startswith("secret:")
    assert found["db_password"].startswith("secret:")
    assert (found["token_count"], found["secret_name"]) == (3, "hasivu/x")


def test_of_a_secret_document_the_password_is_a_secret_of_its_own() -> None:
    masker = Masker()
    masker.learn('{"username": "hasivu_app_a", "password": "hunter2"}')
    assert masker.text("hunter2 of hasivu_app_a") == f"{masker.token('hunter2')} of hasivu_app_a"


def test_a_short_secret_goes_where_it_stands_alone_and_spares_words() -> None:
    masker = Masker()
    masker.learn("ok")
    assert masker.text("ok") == masker.token("ok")
    assert masker.text("a broken book") == "a broken book"


def test_a_number_may_be_a_secret() -> None:
    masker = Masker()
    masker.learn(246813)
    assert masker.mask([246813, 7]) == [masker.token("246813"), 7]


def test_what_json_cannot_hold_becomes_text() -> None:
    class Opaque:
        def __str__(self) -> str:
            return "decrypted"

    assert Masker().mask([date(2026, 11, 1), float("nan"), Opaque()]) == ["2026-11-01", "nan", "<Opaque>"]
