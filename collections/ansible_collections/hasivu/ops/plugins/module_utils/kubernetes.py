# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way of our modules to Kubernetes: one cluster by kubeconfig and context, bounded waits, errors as sentences."""

from __future__ import annotations

import json
import traceback
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import rehearsal

try:
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.client.rest import ApiException
    from kubernetes.config import ConfigException, new_client_from_config
    from urllib3.exceptions import HTTPError
except ImportError:
    KUBERNETES_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    KUBERNETES_IMPORT_ERROR = None

KUBERNETES_OPTIONS: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path", "required": True},
    "context": {"type": "str"},
}

PAGE = 500
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

CONNECT_SECONDS = 5
READ_SECONDS = 30


class KubernetesError(Exception):
    """Raised when the API server cannot be asked, or answers with an error; `status` is 0 where none answered."""

    def __init__(self, message: str, status: int = 0) -> None:
        """Keep the sentence and the HTTP status."""
        super().__init__(message)
        self.status = status


class Cluster:
    """One Kubernetes API server, asked by path so that every kind of every group is reached the same way."""

    def __init__(self, kubeconfig: str, context: str | None) -> None:
        """Read the kubeconfig.

        Raises:
            KubernetesError: The file or the context is missing or broken.
        """
        try:
            self._client: ApiClient = new_client_from_config(config_file=kubeconfig, context=context)
        except (ConfigException, OSError) as error:
            raise KubernetesError(f"The kubeconfig {kubeconfig} cannot be used: {error}.") from error
        configuration: Configuration = self._client.configuration
        configuration.retries = False

    def request(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None, content: str = JSON
    ) -> dict[str, Any]:
        """Send one request, whose body has a content type, and return the object of the answer.

        Raises:
            KubernetesError: No answer, or an answer that is an error.
            RehearsalError: This is a rehearsal, and the request would change something.
        """
        rehearsal.refuse_request(method, path, query)
        try:
            answer = self._client.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json", "Content-Type": content},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
        except ApiException as error:
            raise KubernetesError(reason_of(error), error.status or 0) from error
        except (HTTPError, OSError) as error:
            host = self._client.configuration.host
            raise KubernetesError(f"the API server at {host} does not answer: {error}") from error
        found: dict[str, Any] = json.loads(answer.data)
        return found


def reason_of(error: ApiException) -> str:
    """Return what the API server said of an error."""
    try:
        return f"{error.status}: {json.loads(error.body)['message']}"
    except (TypeError, ValueError, KeyError):
        return f"{error.status}: {error.reason}"


def path_of(api_version: str, plural: str, namespace: str | None = None, name: str | None = None) -> str:
    """Return the path of a collection, or of one object of it.

    Args:
        api_version: Such as `v1` or `apps/v1`.
        plural: Name of the resource in a path, such as `deployments`.
        namespace: Namespace of the object, where it has one.
        name: Name of the object; without it the path is that of the list.
    """
    parts = ["", "apis" if "/" in api_version else "api", api_version]
    if namespace:
        parts += ["namespaces", namespace]
    return "/".join([*parts, plural, *([name] if name else [])])


def list_all(cluster: Cluster, path: str, query: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the objects of all pages of a list.

    Raises:
        KubernetesError: No answer, or an answer that is an error.
    """
    found: list[dict[str, Any]] = []
    position = ""
    while True:
        page = cluster.request("GET", path, query={**(query or {}), "limit": str(PAGE), "continue": position})
        kind = {"apiVersion": page["apiVersion"], "kind": page["kind"].removesuffix("List")}
        found += [{**kind, **item} for item in page["items"]]
        position = page["metadata"].get("continue", "")
        if not position:
            return found
