"""A CronJob of Kubernetes (batch/v1)."""

from __future__ import annotations

from typing import Any

from hasivu_play.errors import UsageError
from hasivu_play.header import Header
from hasivu_play.schedule_due import START_WITHIN
from hasivu_play.schedule_order import PREFIX, Order, seconds
from hasivu_play.schedule_pattern import WEEKDAYS, Pattern, pattern_of

LONGEST_NAME = 52  # Kubernetes adds eleven characters for the name of a Job
KEEP_SECONDS = 7 * 24 * 3600
STATE = "/var/lib/hasivu-play"


def cron_job(header: Header, order: Order) -> dict[str, Any]:
    """Return the CronJob of a procedure; its own command sees to it that nothing starts on another day."""
    name = order.name(header)
    if len(name) > LONGEST_NAME:
        raise UsageError(
            f"'{name}' is longer than {LONGEST_NAME} characters. Give procedure or environment a shorter name."
        )
    labels = {"app.kubernetes.io/name": PREFIX, "app.kubernetes.io/component": header.id}
    job = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": seconds(header),
        "ttlSecondsAfterFinished": KEEP_SECONDS,
        "template": {"metadata": {"labels": labels}, "spec": pod(header, order)},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {
            "name": name,
            "namespace": order.namespace,
            "labels": labels,
            "annotations": {"hasivu.edu.in/title": header.title, "hasivu.edu.in/rrule": header.schedule["rrule"]},
        },
        "spec": {
            "schedule": cron(pattern_of(header.schedule["rrule"])),
            "timeZone": header.schedule["timezone"],
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": int(START_WITHIN.total_seconds()),
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": labels}, "spec": job},
        },
    }


def cron(pattern: Pattern) -> str:
    """Return the five fields. Cron takes a day that fits either day field, so of two only the weekday is written.

    What then comes too often, such as every Sunday for the first one, `schedule run` lets pass.
    """
    month_days = () if pattern.weekdays else pattern.month_days
    weekdays = tuple(sorted((WEEKDAYS.index(day) + 1) % 7 for day in pattern.weekdays))
    fields = (pattern.minutes, pattern.hours, month_days, pattern.months, weekdays)
    return " ".join(",".join(map(str, numbers)) or "*" for numbers in fields)


def pod(header: Header, order: Order) -> dict[str, Any]:
    """Return what runs: no second try, no rights on the node, and records that outlive the pod."""
    return {
        "restartPolicy": "Never",
        "serviceAccountName": PREFIX,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": PREFIX,
                "image": order.image,
                "command": ["hasivu-play"],
                "args": order.arguments(header),
                "env": [{"name": "HASIVU_PLAY_HOME", "value": STATE}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
                "volumeMounts": [{"name": "state", "mountPath": STATE}],
            }
        ],
        "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": f"{PREFIX}-state"}}],
    }
