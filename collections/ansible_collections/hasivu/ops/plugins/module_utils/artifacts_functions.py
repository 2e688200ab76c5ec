# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs in Lambda: the version behind the live alias of each function, and the digest of its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

LATEST = "$LATEST"


def running_functions(
    client: Any, alias: str, code_of: Callable[[Exception], str]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the functions with what their alias runs, and a finding for each that has no such alias."""
    pages = client.get_paginator("list_functions").paginate()
    names = sorted(function["FunctionName"] for page in pages for function in page["Functions"])
    found = [running_function(client, name, alias, code_of) for name in names]
    return found, [without_alias(one["function"], alias) for one in found if one["version"] == LATEST]


def running_function(client: Any, name: str, alias: str, code_of: Callable[[Exception], str]) -> dict[str, Any]:
    """Return one function: version, digest of its code, and its image where it is one."""
    version, others = LATEST, {}
    try:
        pointed = client.get_alias(FunctionName=name, Name=alias)
        version = pointed["FunctionVersion"]
        others = (pointed.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    except Exception as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
    told = client.get_function(FunctionName=name, Qualifier=version)
    configuration = told["Configuration"]
    return {
        "function": name,
        "version": version,
        "also": sorted(others),
        "code_sha256": configuration["CodeSha256"],
        "package": configuration.get("PackageType", "Zip"),
        "image": told.get("Code", {}).get("ResolvedImageUri", ""),
    }


def without_alias(name: str, alias: str) -> dict[str, str]:
    """Return the finding of a function that runs whatever was uploaded last."""
    return finding(
        f"The function {name} has no alias {alias}, so that its last upload runs.",
        name,
        "What was scanned and what runs can differ from one minute to the next.",
        f"Publish a version and let the alias {alias} point to it.",
        "medium",
        key="function-without-live-alias",
        control="PCI-6.3.2",
    )
