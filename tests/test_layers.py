"""Imports go downwards, and each outside library has one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hasivu_play"
COLLECTION = ROOT / "collections" / "ansible_collections" / "hasivu" / "ops" / "plugins"
DRIVER = sorted(PACKAGE.glob("*.py"))
HOMES = {
    "click": {
        "cli",
        "cli_coverage",
        "cli_options",
        "cli_plan",
        "cli_project",
        "cli_records",
        "cli_rehearse",
        "cli_schedule",
        "cli_site",
    },
    "yaml": {"header", "schedule_export"},
    "ansible": {"rehearse_engine", "rehearse_steps"},
    "ansible_runner": {"run"},
    "jsonschema": {"header", "schedule_calendar"},
    "rich": {"progress"},
    "jinja2": {"private_data"},
    "dateutil": {"schedule"},
    "hasivu_play.sandbox": {"cli", "cli_sandbox"},
}
FLOORS = [
    ["__main__"],
    ["cli"],
    ["cli_coverage", "cli_plan", "cli_project", "cli_records", "cli_rehearse", "cli_schedule", "cli_site"],
    ["cli_sandbox"],
    ["site"],
    ["content_signing", "plan", "rehearse_report"],
    [
        "cli_options",
        "rehearse",
        "approve",
        "plan_words",
        "catalogue",
        "doctor",
        "show",
        "execution",
        "resume",
        "coverage_view",
        "manual_revision_view",
        "schedule_view",
        "schedule_export",
    ],
    [
        "content",
        "coverage_check",
        "manual_revision",
        "records_settings",
        "schedule_check",
        "schedule_awx",
        "schedule_cronjob",
        "schedule_systemd",
    ],
    ["coverage_departures", "coverage_truth"],
    ["coverage"],
    ["doctor_environment", "show_markdown", "result", "trust", "course_planning", "schedule_due", "schedule_order"],
    [
        "rehearse_engine",
        "doctor_archive",
        "doctor_backups",
        "doctor_calendar",
        "doctor_content",
        "doctor_machine",
        "doctor_reach",
        "schedule_missed",
        "show_manual",
    ],
    ["schedule_lint"],
    ["schedule_sequence", "schedule_window"],
    ["schedule_calendar", "schedule_collision"],
    ["schedule_problem"],
    ["schedule_slot", "show_tables", "progress", "run"],
    ["records_upload"],
    ["records_diff", "records_export", "records_search"],
    ["records_packing"],
    ["records", "records_view"],
    ["records_verify"],
    ["records_signers"],
    ["records_run", "records_bucket", "course"],
    [
        "doctor_check",
        "document",
        "inputs",
        "manual_text",
        "private_data",
        "progress_file",
        "rehearse_steps",
        "schedule",
        "schedule_pattern",
        "stop",
        "tracker",
    ],
    ["records_archive", "records_receipts"],
    ["header", "manual", "processes", "project", "course_plan", "coverage_problem"],
    ["console", "environment", "home"],
    ["errors"],
    ["__init__"],
]


SITE = sorted((PACKAGE / "site").glob("*.py"))
FLOORS_OF_SITE = [
    ["build"],
    ["search_index", "objectives"],
    ["contents"],
    ["calendars", "controls"],
    ["runs", "render", "folder"],
    ["addresses"],
    ["__init__"],
]


def imported(path):
    """Return the modules that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def uses(path, library):
    return any(name == library or name.startswith(library + ".") for name in imported(path))


def floor_of(name):
    return next(number for number, floor in enumerate(FLOORS) if name in floor)


@pytest.mark.parametrize("path", DRIVER, ids=lambda path: path.stem)
def test_every_file_of_the_driver_stands_on_a_floor(path):
    assert any(path.stem in floor for floor in FLOORS)


@pytest.mark.parametrize("path", DRIVER, ids=lambda path: path.stem)
def test_imports_go_downwards(path):
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("hasivu_play.")} - {
        "sandbox",
        "__version__",
    }
    upwards = {name for name in ours if floor_of(name) <= floor_of(path.stem)}
    assert not upwards


@pytest.mark.parametrize("path", SITE, ids=lambda path: path.stem)
def test_the_site_stands_on_the_driver_and_its_files_on_each_other(path):
    ours = {tuple(name.split(".")[1:3]) for name in imported(path) if name.startswith("hasivu_play.")}
    driver = {name[0] for name in ours if name[0] not in ("site", "__version__")}
    assert not {name for name in driver if floor_of(name) <= floor_of("site")}
    floors = {name: number for number, floor in enumerate(FLOORS_OF_SITE) for name in floor}
    own = {name[1] for name in ours if name[0] == "site" and len(name) > 1 and name[1] in floors}
    assert not {name for name in own if floors[name] <= floors[path.stem]}


@pytest.mark.parametrize(("library", "homes"), HOMES.items())
def test_each_library_has_one_home(library, homes):
    assert {path.stem for path in DRIVER if uses(path, library)} == homes


def test_the_collection_knows_nothing_of_the_driver():
    assert not [path for path in COLLECTION.rglob("*.py") if uses(path, "hasivu_play")]


def test_the_driver_takes_from_the_collection_only_what_is_shared():
    plugins = "ansible_collections.hasivu.ops.plugins"
    allowed = (f"{plugins}.module_utils", f"{plugins}.plugin_utils.templates")  # the latter where the driver is Ansible
    for path in DRIVER:
        names = {name for name in imported(path) if name.startswith("ansible_collections")}
        assert all(name.startswith(allowed) for name in names), path


def test_nothing_of_the_sandbox_is_imported_by_what_runs_in_production():
    below = [
        path for folder in ("playbooks", "roles", "collections", "inventory") for path in (ROOT / folder).rglob("*")
    ]
    assert not [path for path in below if path.suffix in (".py", ".yml") and "hasivu_play.sandbox" in path.read_text()]
