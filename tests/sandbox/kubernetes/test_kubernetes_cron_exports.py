"""The exported CronJobs are such as Kubernetes takes: known fields only, and valid in the eyes of the API server."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from kubernetes import client
from kubernetes.client import models

from hasivu_play.header import read_header
from hasivu_play.project import installed_project
from hasivu_play.schedule_calendar import procedure_entries
from hasivu_play.schedule_export import STYLES
from hasivu_play.schedule_order import Order

PROJECT = installed_project()
ORDER = Order("staging", image="registry.hasivu.edu.in/hasivu-play@sha256:" + "ab" * 32, namespace="hasivu")


def exported() -> list[dict[str, Any]]:
    headers = [read_header(PROJECT.playbook(entry.name)) for entry in procedure_entries(PROJECT, "")]
    text = STYLES["kubernetes"].write(headers, ORDER, datetime.now(UTC))["cronjobs.yml"]
    return list(yaml.safe_load_all(text))


def unknown_fields(kind: str, content: Any, path: str = "") -> list[str]:
    """Return the fields that a type of the official client, which is generated from the API, does not have."""
    inner = re.fullmatch(r"(?:list\[|dict\(str, )(\w+)[\])]", kind)
    if inner:
        parts = content.items() if isinstance(content, dict) else enumerate(content)
        return [found for key, part in parts for found in unknown_fields(inner[1], part, f"{path}.{key}")]
    model = getattr(models, kind, None)
    if model is None:
        return []
    names = {written: name for name, written in model.attribute_map.items()}
    found = [f"{path}.{key}" for key in content if key not in names]
    known = ((key, names[key]) for key in content if key in names)
    return found + [
        one for key, name in known for one in unknown_fields(model.openapi_types[name], content[key], f"{path}.{key}")
    ]


def test_the_cron_jobs_have_no_field_that_kubernetes_does_not_know() -> None:
    jobs = exported()
    assert jobs
    assert [unknown_fields("V1CronJob", job) for job in jobs] == [[] for _job in jobs]
    wrong = deepcopy(jobs[0])
    wrong["spec"]["timezone"] = wrong["spec"].pop("timeZone")
    wrong["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["arguments"] = []
    assert sorted(unknown_fields("V1CronJob", wrong)) == [
        ".spec.jobTemplate.spec.template.spec.containers.0.arguments",
        ".spec.timezone",
    ]


def test_the_api_server_takes_the_cron_jobs(emulator: Any) -> None:
    batch = client.BatchV1Api(emulator.api())
    for job in exported():
        taken = batch.create_namespaced_cron_job("hasivu", job, dry_run="All", field_validation="Strict")
        assert (taken.spec.time_zone, taken.spec.concurrency_policy) == ("Asia/Kolkata", "Forbid")
        assert taken.spec.starting_deadline_seconds == 600
        assert taken.spec.schedule == job["spec"]["schedule"]
    assert "hasivu-play" not in str([one.metadata.name for one in batch.list_namespaced_cron_job("hasivu").items])


@pytest.mark.parametrize(("field", "value"), [("schedule", "0 2 32 * *"), ("timeZone", "India/Bengaluru")])
def test_the_api_server_refuses_what_it_would_refuse(emulator: Any, field: str, value: str) -> None:
    job = exported()[0]
    job["spec"][field] = value
    with pytest.raises(client.ApiException) as refused:
        client.BatchV1Api(emulator.api()).create_namespaced_cron_job("hasivu", job, dry_run="All")
    assert refused.value.status == 422
