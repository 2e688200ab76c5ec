"""Jobs and cron jobs: pods that end, and the schedule that starts them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster, condition, is_leaving, is_ready, without_zeros
from hasivu_play.sandbox.kubernetes.controllers.replica_sets import active_pods, make_pod
from hasivu_play.sandbox.kubernetes.deletion import DeleteOptions, delete
from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object


def reconcile_jobs(cluster: Cluster) -> None:
    """Start the pods that each job still needs, and end the jobs that are done."""
    for job in cluster.all("jobs"):
        if not is_leaving(job) and not is_over(job):
            _work(cluster, job)


def is_over(job: Object) -> bool:
    """Tell whether a job is complete or has failed."""
    conditions = job.get("status", {}).get("conditions", [])
    return any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)


def _work(cluster: Cluster, job: Object) -> None:
    spec, pods = job["spec"], cluster.owned("pods", job)
    succeeded = sum(pod["status"].get("phase") == "Succeeded" for pod in pods)
    failed = sum(pod["status"].get("phase") == "Failed" for pod in pods)
    active = active_pods(cluster, job)
    if spec["suspend"]:
        for pod in active:
            delete(cluster.store, BY_NAME["pods"], pod, DeleteOptions())
        active = []
    elif failed <= spec["backoffLimit"]:
        missing = min(spec["parallelism"] - len(active), spec["completions"] - succeeded - len(active))
        active += [make_pod(cluster, job, spec["template"]) for _ in range(missing)]
    cluster.save("jobs", {**job, "status": _job_status(job, active, succeeded, failed)})


def _job_status(job: Object, active: list[Object], succeeded: int, failed: int) -> Object:
    before, spec = job.get("status", {}), job["spec"]
    ready = sum(is_ready(pod) for pod in active)
    status: Object = {
        **without_zeros({"active": len(active), "succeeded": succeeded, "failed": failed}),
        "ready": ready,
        "terminating": 0,
        "uncountedTerminatedPods": {},
    }
    if not spec["suspend"]:
        status["startTime"] = before.get("startTime") or now()
    if succeeded >= spec["completions"]:
        message = "Reached expected number of succeeded pods"
        complete = condition(before, "Complete", True, "CompletionsReached", message)
        return {**status, "completionTime": now(), "conditions": [complete]}
    if failed > spec["backoffLimit"]:
        message = "Job has reached the specified backoff limit"
        return {**status, "conditions": [condition(before, "Failed", True, "BackoffLimitExceeded", message)]}
    if spec["suspend"]:
        return {**status, "conditions": [condition(before, "Suspended", True, "JobSuspended", "Job suspended")]}
    return status


def reconcile_cron_jobs(cluster: Cluster) -> None:
    """Start the jobs whose time has come, and forget old ones."""
    for cron_job in cluster.all("cronjobs"):
        if not is_leaving(cron_job):
            _follow_schedule(cluster, cron_job)


def _follow_schedule(cluster: Cluster, cron_job: Object) -> None:
    jobs = cluster.owned("jobs", cron_job)
    running = [job for job in jobs if not is_over(job)]
    status = dict(cron_job.get("status", {}))
    due = _last_due(cron_job)
    if due and not cron_job["spec"]["suspend"] and not (running and cron_job["spec"]["concurrencyPolicy"] == "Forbid"):
        running.append(_start_job(cluster, cron_job, due))
        status["lastScheduleTime"] = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ends = [job["status"]["completionTime"] for job in jobs if "completionTime" in job.get("status", {})]
    if ends:
        status["lastSuccessfulTime"] = max(ends)
    status["active"] = [_pointer(job) for job in running]
    cluster.save("cronjobs", {**cron_job, "status": without_zeros(status)})
    _forget(cluster, cron_job, jobs)


def _last_due(cron_job: Object) -> datetime | None:
    """Return the last scheduled time since the last start, or nothing when that lies ahead."""
    zone = ZoneInfo(cron_job["spec"].get("timeZone", "UTC"))
    since = cron_job.get("status", {}).get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    latest = next(CronSim(cron_job["spec"]["schedule"], datetime.now(zone), reverse=True), None)
    return latest if latest and latest > datetime.fromisoformat(since) else None


def _start_job(cluster: Cluster, cron_job: Object, due: datetime) -> Object:
    template, name = cron_job["spec"]["jobTemplate"], cron_job["metadata"]["name"]
    metadata = {**template["metadata"], "name": f"{name}-{int(due.timestamp()) // 60}"}
    job = cluster.create("jobs", cron_job, {"metadata": metadata, "spec": template["spec"]})
    cluster.event(cron_job, "SuccessfulCreate", f"Created job {metadata['name']}")
    return job


def _pointer(job: Object) -> Object:
    metadata = job["metadata"]
    named = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    return {"apiVersion": "batch/v1", "kind": "Job", **named}


def _forget(cluster: Cluster, cron_job: Object, jobs: list[Object]) -> None:
    over = [job for job in jobs if is_over(job)]
    good = [job for job in over if "completionTime" in job["status"]]
    bad = [job for job in over if "completionTime" not in job["status"]]
    limits = ((good, "successfulJobsHistoryLimit"), (bad, "failedJobsHistoryLimit"))
    for among, limit in limits:
        kept = cron_job["spec"][limit]
        for job in sorted(among, key=lambda one: one["metadata"]["creationTimestamp"])[: max(0, len(among) - kept)]:
            cluster.remove("jobs", job)
