# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writers that Kubernetes runs: Deployments, CronJobs, and what scales Deployments, each with one setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster, KubernetesError, list_all, path_of
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import (
    CONFLICT,
    FIELD_MANAGER,
    NOT_FOUND,
    VERSION,
    Object,
    annotations_of,
    change,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rollout import (
    is_complete,
    needs_roll,
    problem_of,
    progress_of,
    selector_of,
    template_version,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import BusyError, GoneError, WriterError

PAUSED = "autoscaling.keda.sh/paused-replicas"
KEDA = "keda.sh/v1alpha1"
ENDED = ("Succeeded", "Failed")


class Objects:
    """The objects of one kind in a namespace."""

    api_version = ""
    plural = ""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        """Work on a cluster."""
        self.cluster = cluster
        self.namespace = namespace

    def all(self) -> list[Object]:
        """Return every one of them; none where the API server does not know the kind.

        Raises:
            WriterError: The API server refuses, or does not answer.
        """
        try:
            return list_all(self.cluster, path_of(self.api_version, self.plural, self.namespace))
        except KubernetesError as error:
            if error.status == NOT_FOUND:
                return []
            raise WriterError(f"The {self.plural} cannot be listed: {error}") from error

    def get(self, name: str) -> Object:
        """Return one of them.

        Raises:
            GoneError: It does not exist.
            WriterError: The API server refuses, or does not answer.
        """
        return asked(lambda: self.cluster.request("GET", self.path(name)))

    def patch(self, name: str, body: Object) -> None:
        """Change one of them, whatever version it has by now."""
        asked(lambda: change(self.cluster, self.path(name), lambda _: body))

    def path(self, name: str) -> str:
        """Return the path of one of them."""
        return path_of(self.api_version, self.plural, self.namespace, name)

    def unsettled(self, name: str) -> str:
        """Return what one still does, or nothing."""
        return ""

    def problem(self, name: str) -> str:
        """Return why one will not settle by itself, or nothing."""
        return ""

    def author(self, name: str) -> str:
        """Return who changed one last, as the API server noted it; who only tells its status does not count."""
        noted = self.get(name)["metadata"].get("managedFields") or []
        managed = [one for one in noted if one.get("subresource") != "status"]
        return str(max(managed, key=when_and_whether_others, default={}).get("manager", "somebody"))


def when_and_whether_others(noted: Object) -> tuple[str, bool]:
    """Order the notes of changes by time; of one second, for they are noted in whole seconds, ours came first."""
    return noted.get("time", ""), noted.get("manager") != FIELD_MANAGER


def asked(question: Callable[[], Any]) -> Any:
    """Return an answer of the API server.

    Raises:
        GoneError: The object does not exist.
        BusyError: Somebody else changed it again and again.
        WriterError: The API server refuses, or does not answer.
    """
    try:
        return question()
    except KubernetesError as error:
        kind = {NOT_FOUND: GoneError, CONFLICT: BusyError}.get(error.status, WriterError)
        raise kind(str(error)) from error


class CronJobs(Objects):
    """CronJobs; each is suspended or not."""

    api_version, plural = "batch/v1", "cronjobs"

    def read(self, name: str) -> bool:
        """Tell whether one is suspended."""
        return bool(self.get(name)["spec"].get("suspend", False))

    def write(self, name: str, value: Any) -> None:
        """Suspend one or not."""
        self.patch(name, {"spec": {"suspend": value}})

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"patch cronjobs/{name} spec.suspend={str(value).lower()}"

    def unsettled(self, name: str) -> str:
        """Return the pods of its Jobs that still work, or nothing."""
        uid = self.get(name)["metadata"]["uid"]
        jobs = {job["metadata"]["uid"] for job in Jobs(self.cluster, self.namespace).all() if owned_by(job, uid)}
        pods = Pods(self.cluster, self.namespace).all()
        busy = [pod_name(pod) for pod in pods if is_at_work(pod) and any(owned_by(pod, job) for job in jobs)]
        return f"its pods {', '.join(busy)} still work" if busy else ""


class Jobs(Objects):
    """Jobs, which are read only."""

    api_version, plural = "batch/v1", "jobs"


class Pods(Objects):
    """Pods, which are read only."""

    api_version, plural = "v1", "pods"


class ScaledObjects(Objects):
    """What KEDA scales; each is paused at a number of replicas or not."""

    api_version, plural = KEDA, "scaledobjects"

    def read(self, name: str) -> str | None:
        """Return the replicas at which one is paused, or nothing."""
        return annotations_of(self.get(name)).get(PAUSED)

    def write(self, name: str, value: Any) -> None:
        """Pause one or not."""
        self.patch(name, {"metadata": {"annotations": {PAUSED: value}}})

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"patch scaledobjects/{name} {PAUSED}={value}"


class Autoscalers(Objects):
    """Autoscalers that may go down to nothing, and so up from it; each has a policy for scaling up or none."""

    api_version, plural = "autoscaling/v2", "horizontalpodautoscalers"

    def read(self, name: str) -> str | None:
        """Return the policy by which one scales up, or nothing where it is the default."""
        up = (self.get(name)["spec"].get("behavior") or {}).get("scaleUp") or {}
        found: str | None = up.get("selectPolicy")
        return found

    def write(self, name: str, value: Any) -> None:
        """Set the policy."""
        self.patch(name, {"spec": {"behavior": {"scaleUp": {"selectPolicy": value}}}})

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"patch horizontalpodautoscalers/{name} spec.behavior.scaleUp.selectPolicy={value}"


class Deployments(Objects):
    """Deployments; each has a number of replicas."""

    api_version, plural = "apps/v1", "deployments"

    def read(self, name: str) -> int:
        """Return how many replicas one is to have."""
        return int(self.get(name)["spec"]["replicas"])

    def write(self, name: str, value: Any) -> None:
        """Set how many replicas one is to have."""
        self.patch(name, {"spec": {"replicas": value}})

    def call(self, name: str, value: Any) -> str:
        """Say which call sets one."""
        return f"patch deployments/{name} spec.replicas={value}"

    def unsettled(self, name: str) -> str:
        """Return what is missing until its pods are those that it is to have, or nothing."""
        found = self.get(name)
        if found["spec"]["replicas"] == 0:
            pods = self.pods(found)
            return f"its pods {', '.join(map(pod_name, pods))} are still there" if pods else ""
        return "" if is_complete(found) else progress_of(found)

    def problem(self, name: str) -> str:
        """Return why its pods will not come up by themselves, or nothing."""
        found = self.get(name)
        return problem_of(found, self.pods(found)) if found["spec"]["replicas"] else ""

    def roll(self, name: str, version: str, since: str, dry_run: bool) -> bool:
        """Let one replace the pods that hold an older version of the secret; tell whether there are any."""

        def judge(found: Object) -> Object | None:
            if not needs_roll(found, self.pods(found), version, since):
                return None
            return {"spec": {"template": {"metadata": {"annotations": {VERSION: version}}}}}

        before, after = asked(lambda: change(self.cluster, self.path(name), judge, dry_run))
        return before is not after

    def put_back(self, name: str, version: str, dry_run: bool) -> bool:
        """Let the pod template of one name the version of the secret that it named once; tell whether it did not."""

        def judge(found: Object) -> Object | None:
            if template_version(found) == version:
                return None
            return {"spec": {"template": {"metadata": {"annotations": {VERSION: version or None}}}}}

        before, after = asked(lambda: change(self.cluster, self.path(name), judge, dry_run))
        return before is not after

    def pods(self, found: Object) -> list[Object]:
        """Return the pods of one, those that are just ending as well."""
        path = path_of("v1", "pods", self.namespace)
        return list(asked(lambda: list_all(self.cluster, path, {"labelSelector": selector_of(found)})))


def pod_name(pod: Object) -> str:
    """Return the name of a pod."""
    return str(pod["metadata"]["name"])


def is_at_work(pod: Object) -> bool:
    """Tell whether a pod has not ended."""
    return pod.get("status", {}).get("phase") not in ENDED


def owned_by(content: Object, uid: str) -> bool:
    """Tell whether an object belongs to another one."""
    return any(owner["uid"] == uid for owner in content["metadata"].get("ownerReferences") or [])
