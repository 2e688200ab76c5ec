"""The statement of each kind of job, by version of the server."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Need
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_options import Manner
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_statement import (
    job_settings,
    lasting_settings,
    statement,
)

ITEMS = {"oid": 1, "schema": "public", "name": "Order Items", "quoted": 'public."Order Items"', "live": 5}
SERVER = {"freeze_min_age": 50_000_000, "mxid_freeze_min_age": 5_000_000}


NAME = '"public"."Order Items"'


def job(need: str, emergency: bool = False, analyze: bool = True, **facts: Any) -> Job:
    return Job(Table(**{**ITEMS, "rewritten": 9, **facts}), Need(need, "", emergency), analyze=analyze)


CASES = [
    (job("vacuum"), 150_000, "VACUUM (SKIP_LOCKED, ANALYZE, TRUNCATE FALSE, PARALLEL 2) "),
    (
        job("vacuum"),
        160_000,
        "VACUUM (SKIP_LOCKED, ANALYZE, TRUNCATE FALSE, SKIP_DATABASE_STATS, PARALLEL 2, BUFFER_USAGE_LIMIT '16 MB') ",
    ),
    (job("vacuum", analyze=False), 150_000, "VACUUM (SKIP_LOCKED, TRUNCATE FALSE, PARALLEL 2) "),
    (job("freeze"), 150_000, "VACUUM (ANALYZE, TRUNCATE FALSE, PARALLEL 2) "),
    (job("freeze", rewritten=0), 150_000, "VACUUM (FREEZE, ANALYZE, TRUNCATE FALSE, PARALLEL 2) "),
    (job("freeze", emergency=True), 150_000, "VACUUM (INDEX_CLEANUP OFF, TRUNCATE FALSE) "),
    (job("analyze"), 150_000, "ANALYZE (SKIP_LOCKED) "),
    (job("analyze", kind="p"), 170_000, "ANALYZE (SKIP_LOCKED, BUFFER_USAGE_LIMIT '16 MB') "),
    (job("analyze", kind="p"), 180_000, "ANALYZE (SKIP_LOCKED, BUFFER_USAGE_LIMIT '16 MB') ONLY "),
]


@pytest.mark.parametrize(("given", "version", "expected"), CASES)
def test_statement(given, version, expected):
    assert statement(given, Manner(), version).as_string(None) == expected + NAME


def test_only_a_table_that_ages_is_read_as_a_whole():
    assert job_settings(job("vacuum"), Manner(), SERVER, 60)["vacuum_freeze_table_age"] is None
    assert job_settings(job("freeze"), Manner(), SERVER, 60)["vacuum_freeze_table_age"] == "0"


def test_a_low_limit_of_its_own_lowers_the_age_that_is_left():
    usual = job_settings(job("freeze"), Manner(), SERVER, 60)
    low = job_settings(job("freeze", xid_limit=100_000), Manner(), SERVER, 60)
    assert usual["vacuum_freeze_min_age"] == "50000000"
    assert low["vacuum_freeze_min_age"] == "25000"


def test_an_emergency_makes_no_pauses():
    assert job_settings(job("freeze", emergency=True), Manner(), SERVER, 60)["vacuum_cost_delay"] == "0"


@pytest.mark.parametrize(
    ("wanted", "of_server", "version", "expected"),
    [(256, 64, 180_000, "256MB"), (256, 2048, 180_000, "2048MB"), (4096, 64, 160_000, "1024MB")],
)
def test_memory_is_never_less_than_the_server_gives_nor_more_than_it_uses(wanted, of_server, version, expected):
    settings = lasting_settings(Manner(maintenance_work_mem_mb=wanted), version, of_server)
    assert settings["maintenance_work_mem"] == expected
