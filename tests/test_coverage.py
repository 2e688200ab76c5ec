"""Every command block of the manual has its steps or its line in the one list, and no header says what is not so."""

from dataclasses import replace

import pytest

from hasivu_play.coverage import load_not_yet_covered, read_procedure, read_procedures, rows, touched_by
from hasivu_play.coverage_check import problems
from hasivu_play.coverage_view import as_dictionary
from hasivu_play.manual import load_register
from hasivu_play.project import installed_project

MANUAL = load_register()
LISTED = load_not_yet_covered()
PROCEDURES = read_procedures(installed_project())
DATABASE = "weekly-maintenance/database-maintenance"
VACUUM = f"{DATABASE}/run-database-vacuum-and-analyze"
STATISTICS = f"{DATABASE}/update-table-statistics"
REDIS = "weekly-maintenance/redis-maintenance/clean-up-expired-keys"


def wrong(procedures=None, listed=None):
    """Return what is wrong in the project, or in one that was altered, in sentences."""
    procedures = PROCEDURES if procedures is None else procedures
    listed = LISTED if listed is None else listed
    return [str(problem) for problem in problems(MANUAL, procedures, rows(MANUAL, procedures, listed), listed)]


def altered(name="weekly-db", **fields):
    """Return the procedures with another header of one of them."""
    return [replace(one, header=replace(one.header, **fields)) if one.header.id == name else one for one in PROCEDURES]


def header(name="weekly-db"):
    return next(one.header for one in PROCEDURES if one.header.id == name)


def without(items, **keys):
    """Return items without those that hold these values."""
    return [item for item in items if any(item.get(name) != value for name, value in keys.items())]


def test_every_block_has_steps_or_a_line_and_every_header_is_true():
    assert wrong() == []


def test_the_register_holds_what_the_manual_orders():
    assert (MANUAL.version, len(MANUAL.blocks)) == ("1.0", 82)
    assert {block.section for block in MANUAL.blocks} <= set(MANUAL.section_of)
    assert MANUAL.block_of[VACUUM].lines[1].endswith('-c "VACUUM ANALYZE;"')
    assert "KEYS" in MANUAL.block_of[REDIS].lines[1]


def test_keys_are_unique_among_sections_and_blocks():
    keys = [item.key for item in (*MANUAL.sections, *MANUAL.blocks)]
    assert len(keys) == len(set(keys))


def test_a_block_that_nobody_does_and_nobody_lists_is_found():
    mend = "Name it in `covers` of a header, or in data/not_yet_covered.json with the procedure that will."
    covers = [item for item in header().covers if item["block"] != VACUUM]
    assert wrong(altered(covers=covers)) == [
        f"{VACUUM}: has neither a step nor a line in the list of blocks not yet covered. {mend}"
    ]


def test_a_block_that_is_left_to_a_procedure_that_exists_is_found():
    covers = [item for item in header().covers if item["block"] != VACUUM]
    found = wrong(altered(covers=covers), {**LISTED, VACUUM: "weekly-db"})
    assert [line.split(". ")[0] for line in found] == [
        f"{VACUUM}: is left to weekly-db, which exists and does not cover it"
    ]
    assert wrong(altered(covers=covers), {**LISTED, VACUUM: "weekly-vacuum"}) == []


def test_a_block_that_loses_its_procedure_is_found():
    left = [one for one in PROCEDURES if one.header.id != "weekly-db"]
    assert [line.split(": ")[0] for line in wrong(left) if "neither" in line] == [
        block.key for block in MANUAL.below(DATABASE)
    ]


@pytest.mark.parametrize(
    ("key", "left_to", "complaint"),
    [
        (VACUUM, "daily-db", "is listed as not yet covered, but weekly-db covers it."),
        ("weekly-maintenance/tea/brew", "weekly-tea", "stands in the list, but not in the manual."),
    ],
)
def test_an_untrue_line_in_the_list_is_found(key, left_to, complaint):
    assert [line for line in wrong(listed={**LISTED, key: left_to}) if line.startswith(f"{key}: {complaint}")]


COVERS = header().covers
CONTROL = header().controls[0]
DEPARTURE = {"manual": "Work by hand.", "here": "Work by a module."}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"sections": []}, "names no section of the manual."),
        ({"sections": ["weekly-maintenance/tea"]}, "comes from 'weekly-maintenance/tea', which the manual does not"),
        ({"source": "HASIVU Operations Manual 1.0, Tea"}, "its source does not name '1. Database Maintenance'."),
        ({"source": "Operations Manual 1.1, 1. Database Maintenance"}, "does not name 'Operations Manual 1.0,'."),
        ({"covers": [*COVERS, {"block": "tea/brew", "steps": ["Brew"]}]}, "covers 'tea/brew', which the manual does"),
        (
            {"covers": [*COVERS, {**COVERS[0], "block": REDIS}]},
            f"covers '{REDIS}', but does not come from its section.",
        ),
        ({"covers": [*COVERS, COVERS[0]]}, f"covers '{VACUUM}' twice."),
        ({"covers": [{**COVERS[0], "steps": ["Vacuum it"]}]}, f"covers '{VACUUM}' by 'Vacuum it', which is no step"),
        ({"covers": [{**COVERS[0], "steps": ["If a step above fails"]}]}, "which is no step of it."),
        ({"controls": [{**CONTROL, "evidence": "Look well"}]}, f"has for {CONTROL['id']} the evidence 'Look well',"),
        ({"phases": [{"name": "One", "begins": "Begin"}]}, "begins a phase with 'Begin', which is no step of it."),
        ({"point_of_no_return": "Jump"}, "cannot go back from 'Jump', which is no step of it."),
        ({"departures": header().departures[1:]}, f"covers '{VACUUM}' without a departure from it."),
        ({"covers": [{**COVERS[0], "as_written": True}]}, f"does '{VACUUM}' as written, and tells a departure"),
        ({"departures": [DEPARTURE]}, "its departure from 'Work by hand.' names no block or section."),
        ({"departures": [{**DEPARTURE, "from": ["tea"]}]}, "names 'tea', which the manual does not have."),
        ({"departures": [{**DEPARTURE, "from": [REDIS]}]}, f"names '{REDIS}', which is in none of its sections."),
        (
            {"departures": [{"from": [VACUUM], "manual": "VACUUM hasivu_test.", "here": "No."}]},
            f"quotes 'hasivu_test', which {VACUUM} does not say.",
        ),
        (
            {"departures": [{"from": [VACUUM, STATISTICS], "manual": "psql --quiet", "here": "No."}]},
            f"quotes '--quiet', which {VACUUM}, {STATISTICS} does not say.",
        ),
        ({"risk": "read"}, "says that it only reads, but holds a lock."),
        ({"reversible": True}, "says that it is reversible, but has no way back."),
        ({"inputs": {**header().inputs, "colour": {"type": "str"}}}, "takes the input 'colour', which nothing reads."),
    ],
)
def test_a_header_that_says_what_is_not_so_is_found(fields, complaint):
    assert [line for line in wrong(altered(**fields)) if line.startswith("weekly-db: ") and complaint in line]


def test_a_block_that_is_done_as_written_needs_no_departure():
    departures = without(header().departures, **{"from": [STATISTICS]})
    covers = [{**item, "as_written": True} if item["block"] == STATISTICS else item for item in COVERS]
    assert len(departures) == len(header().departures) - 1
    assert wrong(altered(departures=departures, covers=covers)) == []


@pytest.mark.parametrize(
    ("name", "risk", "complaint"),
    [("monthly-certs", "safe", "says that it is safe, but holds no lock."), ("weekly-db", "safe", "change_guard")],
)
def test_a_procedure_without_its_guard_or_lock_is_found(name, risk, complaint):
    procedures = [
        replace(one, roles=one.roles - {"change_guard"} if name == "weekly-db" else one.roles)
        for one in altered(name, risk=risk)
    ]
    assert [line for line in wrong(procedures) if line.startswith(f"{name}: ") and complaint in line]


def test_a_new_playbook_is_held_against_the_manual_without_a_line_of_code(tmp_path):
    source = installed_project().playbook("weekly-db")
    copy = tmp_path / "playbooks" / "weekly-tea.yml"
    copy.parent.mkdir()
    copy.write_text(source.read_text().replace("id: weekly-db", "id: weekly-tea"))
    found = rows(MANUAL, [*PROCEDURES, read_procedure(copy)], LISTED)
    claims = {row.block.key: [claim.procedure for claim in row.claims] for row in found}
    assert claims[VACUUM] == ["weekly-db", "weekly-tea"]


def test_the_report_leads_from_a_line_of_the_manual_to_step_departure_and_control():
    shown = as_dictionary(MANUAL, PROCEDURES, rows(MANUAL, PROCEDURES, LISTED), [])
    block = next(item for item in shown["blocks"] if item["key"] == STATISTICS)
    assert block["lines"][0] == "# Update table statistics"
    assert block["titles"][-1] == "1. Database Maintenance"
    assert block["covered_by"][0]["steps"] == ["Vacuum, freeze and analyse the tables in need, most urgent first"]
    assert block["covered_by"][0]["departures"][0]["manual"] == "ANALYZE of the whole database once more."
    assert {"procedure": "weekly-db", **CONTROL} in shown["controls"]
    assert sum(shown["summary"][name] for name in ("covered", "not_yet", "unanswered")) == len(MANUAL.blocks)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (VACUUM, {"weekly-db"}),
        ("weekly-maintenance/database-maintenance/new-block", {"weekly-db"}),
        ("weekly-maintenance", {"lambda-change", "monthly-runtimes", "weekly-db"}),
    ],
)
def test_a_change_touches_those_who_name_it_or_else_those_of_its_section(key, names):
    touched = touched_by(key, PROCEDURES)
    assert names <= set(touched)
    assert "rto-rpo" not in touched


def test_a_change_of_which_no_procedure_knows_touches_none():
    assert touched_by("vendor-contacts", PROCEDURES) == []
