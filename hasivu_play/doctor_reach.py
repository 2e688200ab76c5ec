"""Whether the services of an environment can be reached from this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hasivu_play.doctor_check import Check

SECONDS = 3.0
PORTS = {"http": 80, "https": 443}
MEND = "Look at the network, the VPN and the proxy of this machine; then at the address in the inventory."


def check_reach(variables: dict[str, Any]) -> Iterator[Check]:
    """Open a connection to each service, all at once, and say which ones do not answer."""
    addresses = {name: address for name, address in services(variables).items() if urlsplit(address).hostname}
    with ThreadPoolExecutor(max(len(addresses), 1)) as workers:
        problems = workers.map(problem_of, addresses.values())
    for (name, address), problem in zip(addresses.items(), problems, strict=True):
        says = f"{address} cannot be reached: {problem}" if problem else f"{address} answers"
        yield Check(f"reach {name}", not problem, says, MEND)


def services(variables: dict[str, Any]) -> dict[str, str]:
    """Return the address of each service that the inventory names."""
    settings = variables.get("aws_environment") or {}
    aws = settings.get("AWS_ENDPOINT_URL") or f"https://sts.{variables.get('aws_region')}.amazonaws.com"
    return {
        "aws": str(aws),
        "kubernetes": kubernetes_server(variables),
        "pagerduty": str(variables.get("pagerduty_url") or ""),
    }


def kubernetes_server(variables: dict[str, Any]) -> str:
    """Return the address of the API server in the kubeconfig, or nothing while there is no such file."""
    path = Path(str(variables.get("kubernetes_kubeconfig") or "")).expanduser()
    if not path.is_file():
        return ""
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        config.load_kube_config(str(path), variables.get("kubernetes_context"), configuration)
    except config.ConfigException:
        return ""
    return str(configuration.host)


def problem_of(address: str) -> str:
    """Return why no connection can be opened, or nothing when one can."""
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port or PORTS[parts.scheme]), SECONDS).close()
    except (OSError, ValueError, KeyError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
