"""Who may issue for a name, by its CAA records."""

import dns.exception
import dns.name
import dns.resolver
import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_records import (
    allowed,
    read_issuers,
    read_validation,
)


class Record:
    def __init__(self, tag="issue", value="amazon.com", target=""):
        self.tag, self.value, self.target = tag.encode(), value.encode(), target


class Resolver:
    """Answers from a mapping; a name that is not in it does not exist."""

    def __init__(self, **known):
        self.known = {name.replace("_", "."): records for name, records in known.items()}
        self.asked = []

    def resolve(self, name, kind):
        self.asked.append(str(name).rstrip("."))
        found = self.known.get(self.asked[-1])
        if isinstance(found, Exception):
            raise found
        if not found:
            raise dns.resolver.NXDOMAIN
        return found


@pytest.mark.parametrize(
    ("entries", "wildcard", "issuers"),
    [
        ([("issue", "amazon.com"), ("issue", "letsencrypt.org")], False, ["amazon.com", "letsencrypt.org"]),
        ([("issue", "a.org"), ("issuewild", "amazon.com")], True, ["amazon.com"]),
        ([("issue", "a.org"), ("issuewild", "amazon.com")], False, ["a.org"]),
        ([("issue", "a.org")], True, ["a.org"]),
        ([("iodef", "mailto:x")], False, None),
        ([("issue", "")], False, [""]),
    ],
)
def test_the_tag_decides_for_whom_it_is(entries, wildcard, issuers):
    assert allowed(entries, wildcard) == issuers


def test_the_nearest_name_above_decides():
    resolver = Resolver(example_org=[Record(value="amazon.com; validationmethods=dns")])
    found = read_issuers(resolver, "a.b.example.org")
    assert found["issuers"] == ["amazon.com"]
    assert resolver.asked == ["a.b.example.org", "b.example.org", "example.org"]
    assert read_issuers(Resolver(), "a.example.org")["issuers"] is None


def test_a_name_server_that_does_not_answer_is_unknown_and_not_none():
    silent = Resolver(example_org=dns.exception.Timeout())
    assert read_issuers(silent, "a.example.org")["error"]
    assert read_validation(silent, {"name": "example.org"})["error"]


def test_a_record_that_is_gone_leads_nowhere():
    assert read_validation(Resolver(), {"name": "a.example.org"}) == {"name": "a.example.org", "found": [], "error": ""}
