# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How objects of Kubernetes are addressed, and what is said when they cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster, KubernetesError, path_of

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: t}}]
contexts: [{name: none, context: {cluster: none, user: nobody}}]
current-context: none
"""


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (("v1", "namespaces", None, "kube-system"), "/api/v1/namespaces/kube-system"),
        (("v1", "pods", "hasivu", None), "/api/v1/namespaces/hasivu/pods"),
        (("apps/v1", "deployments", "hasivu", "hasivu-web"), "/apis/apps/v1/namespaces/hasivu/deployments/hasivu-web"),
        (("coordination.k8s.io/v1", "leases", None, None), "/apis/coordination.k8s.io/v1/leases"),
    ],
)
def test_an_object_is_addressed_as_the_api_conventions_say(parts: tuple[str, ...], path: str) -> None:
    assert path_of(*parts) == path


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubernetesError, match="no-such-file"):
        Cluster(str(tmp_path / "no-such-file"), None)


def test_a_server_that_does_not_answer_is_named_and_has_no_status(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    with pytest.raises(KubernetesError, match=r"http://127\.0\.0\.1:1 does not answer") as caught:
        Cluster(str(tmp_path / "config"), None).request("GET", "/api/v1/namespaces")
    assert caught.value.status == 0
