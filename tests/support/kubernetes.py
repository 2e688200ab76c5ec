"""Secrets and Deployments of a sandbox, read and changed as an operator with the API would."""

from __future__ import annotations

import base64
import time

from kubernetes import client, config

from support.sandbox import Sandbox

NAMESPACE = "hasivu"


class Kubernetes:
    """The cluster of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Log in with the kubeconfig of the sandbox."""
        kubeconfig = sandbox.home / "sandbox" / "credentials" / "kubeconfig"
        api = config.new_client_from_config(str(kubeconfig))
        self.core = client.CoreV1Api(api)
        self.apps = client.AppsV1Api(api)

    def raw(self, name: str) -> dict[str, str]:
        """Return the data of a Secret as the API gives it."""
        data: dict[str, str] = self.core.read_namespaced_secret(name, NAMESPACE).data
        return data

    def secret(self, name: str) -> dict[str, str]:
        """Return the values of a Secret."""
        return {key: base64.b64decode(value).decode() for key, value in self.raw(name).items()}

    def set_secret(self, name: str, values: dict[str, str]) -> None:
        """Change values of a Secret."""
        self.core.patch_namespaced_secret(name, NAMESPACE, {"stringData": values})

    def restart(self, deployment: str) -> None:
        """Let a Deployment replace its pods."""
        annotations = {"kubectl.kubernetes.io/restartedAt": str(time.time())}
        template = {"template": {"metadata": {"annotations": annotations}}}
        self.apps.patch_namespaced_deployment(deployment, NAMESPACE, {"spec": template})

    def serves(self, deployment: str) -> bool:
        """Tell whether every pod of a Deployment is one of its newest template, and is available."""
        found = self.apps.read_namespaced_deployment(deployment, NAMESPACE)
        wanted, status = found.spec.replicas, found.status
        current = status.observed_generation >= found.metadata.generation
        return current and (status.replicas, status.updated_replicas, status.available_replicas) == (wanted,) * 3

    def set_image(self, deployment: str, image: str) -> str:
        """Let a Deployment run another image, and return the one that it ran."""
        (container,) = self.apps.read_namespaced_deployment(deployment, NAMESPACE).spec.template.spec.containers
        changed = {"template": {"spec": {"containers": [{"name": container.name, "image": image}]}}}
        self.apps.patch_namespaced_deployment(deployment, NAMESPACE, {"spec": changed})
        former: str = container.image
        return former
