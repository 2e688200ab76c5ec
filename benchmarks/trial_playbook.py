"""Small playbooks that are written for one comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Step = dict[str, Any]

HEADER = {
    "name": "Measure",
    "hosts": "database",
    "gather_facts": False,
    "environment": "{{ aws_environment }}",
}
RUNBOOK = {"id": "trial", "title": "Trial", "risk": "read", "inputs": {}, "resources": []}
ADDRESS = {
    "database_host": "{{ sandbox_endpoints.postgresql.host }}",
    "database_port": "{{ sandbox_endpoints.postgresql.port }}",
}

OURS: dict[str, Step] = {
    "postgresql": {
        "hasivu.ops.db_query_info": {
            "host": "{{ database_host }}",
            "port": "{{ database_port }}",
            "database": "{{ database_name }}",
            "user": "{{ database_user }}",
            "password": "{{ database_password }}",
            "sslmode": "{{ database_sslmode }}",
            "query": "SELECT count(*) AS schools FROM public.schools",
        }
    },
    "aws": {
        "hasivu.ops.aws_info": {
            "service": "sts",
            "operation": "get_caller_identity",
            "region": "{{ aws_region }}",
        }
    },
    "kubernetes": {
        "hasivu.ops.kubernetes_info": {
            "kubeconfig": "{{ kubernetes_kubeconfig }}",
            "context": "{{ kubernetes_context }}",
            "resource": "namespaces",
            "name": "kube-system",
        }
    },
}
SHELF: dict[str, Step] = {
    "postgresql": {
        "community.postgresql.postgresql_query": {
            "login_host": "{{ database_host }}",
            "login_port": "{{ database_port }}",
            "login_db": "{{ database_name }}",
            "login_user": "{{ database_user }}",
            "login_password": "{{ database_password }}",
            "ssl_mode": "{{ database_sslmode }}",
            "query": "SELECT count(*) AS schools FROM public.schools",
        }
    },
    "aws": {"amazon.aws.aws_caller_info": {"region": "{{ aws_region }}"}},
    "kubernetes": {
        "kubernetes.core.k8s_info": {
            "kubeconfig": "{{ kubernetes_kubeconfig }}",
            "context": "{{ kubernetes_context }}",
            "kind": "Namespace",
            "name": "kube-system",
        }
    },
}
NAMES = {"ours": OURS, "shelf": SHELF}
CHECK: Step = {"ansible.builtin.assert": {"that": "answer is not failed", "quiet": True}}


def write(path: Path, steps: list[Step]) -> Path:
    """Write a playbook of one play with a header, so that its run is recorded as that of a procedure is."""
    tasks = [{"name": f"Step {number}", **step} for number, step in enumerate(steps, start=1)]
    play = {**HEADER, "vars": {"runbook": RUNBOOK, **ADDRESS}, "tasks": tasks}
    path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    return path


def four_steps(modules: dict[str, Step]) -> list[Step]:
    """Return the steps of a short procedure: ask AWS, Kubernetes and PostgreSQL, and check the answer."""
    asked = [modules["aws"], modules["kubernetes"], {**modules["postgresql"], "register": "answer"}]
    return [*asked, CHECK]
