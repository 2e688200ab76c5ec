# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every function that users can reach, with the runtime of each version of it that they can reach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.lifecycle_verdict import Use

LATEST = "$LATEST"
THREADS = 8


@dataclass(frozen=True)
class Reached:
    """One version of a function that calls reach, and by which names."""

    function: str
    version: str
    aliases: tuple[str, ...]
    configuration: dict[str, Any]

    @property
    def runtime(self) -> str:
        """Return its runtime, or nothing for a function from an image."""
        return str(self.configuration.get("Runtime") or "")

    @property
    def is_image(self) -> bool:
        """Tell whether the function comes from an image."""
        return self.configuration.get("PackageType") == "Image"

    @property
    def layers(self) -> list[str]:
        """Return the ARNs of its layers."""
        return [layer["Arn"] for layer in self.configuration.get("Layers") or []]

    @property
    def name(self) -> str:
        """Return version and aliases as a person names them."""
        return f"version {self.version} ({', '.join(self.aliases)})" if self.aliases else self.version


def every_version_reached(caller: Any) -> list[Reached]:
    """Return $LATEST of every function, and each version that one of its aliases leads to, if only in part."""
    pages = caller.get_paginator("list_functions").paginate()
    listed = [function for page in pages for function in page["Functions"]]
    with ThreadPoolExecutor(THREADS) as pool:
        behind = pool.map(lambda function: behind_aliases(caller, function["FunctionName"]), listed)
        found = [[Reached(one["FunctionName"], LATEST, (), one)] for one in listed]
        return [reached for latest, others in zip(found, behind, strict=True) for reached in (*latest, *others)]


def behind_aliases(caller: Any, function: str) -> list[Reached]:
    """Return the versions that the aliases of a function lead to."""
    pages = caller.get_paginator("list_aliases").paginate(FunctionName=function)
    aliases = [alias for page in pages for alias in page["Aliases"]]
    return [
        Reached(function, version, names, caller.get_function_configuration(FunctionName=function, Qualifier=version))
        for version, names in sorted(versions_of(aliases).items())
        if version != LATEST
    ]


def versions_of(aliases: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return each version that aliases lead to, those of their weights too, with the names of these aliases."""
    found: dict[str, tuple[str, ...]] = {}
    for alias in aliases:
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version in {alias["FunctionVersion"], *weights}:
            found[version] = (*found.get(version, ()), alias["Name"])
    return found


def uses_of(reached: list[Reached]) -> list[Use]:
    """Return each function with each of its runtimes: one use, however many versions share it; images have none."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in reached:
        if not one.is_image:
            names.setdefault((one.function, one.runtime), []).append(one.name)
    return [Use("lambda", runtime, function, ", ".join(parts)) for (function, runtime), parts in names.items()]


def misfits(reached: list[Reached], made_for: dict[str, list[str]]) -> list[tuple[str, Use]]:
    """Return each layer that was not made for a runtime that uses it, with that use."""
    found = []
    for layer, runtimes in made_for.items():
        strangers = [one for one in reached if layer in one.layers and one.runtime and one.runtime not in runtimes]
        if runtimes:
            found += [(layer, use) for use in uses_of(strangers)]
    return found


def images_of(caller: Any, reached: list[Reached]) -> list[dict[str, str]]:
    """Return the functions from images, named by the digest of the image."""
    found = []
    for one in reached:
        if one.is_image:
            code = caller.get_function(FunctionName=one.function, Qualifier=one.version)["Code"]
            digest = code.get("ResolvedImageUri") or code.get("ImageUri") or "unknown"
            note = "Its runtime is inside the image; monthly-scans looks there."
            found.append({"where": f"{one.function} {one.name}", "digest": digest, "note": note})
    return found


def compatible_runtimes(caller: Any, reached: list[Reached]) -> dict[str, list[str]]:
    """Return for each layer in use the runtimes that it was made for; none means that it does not say."""
    arns = sorted({arn for one in reached for arn in one.layers})
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda arn: caller.get_layer_version_by_arn(Arn=arn), arns)
        return {arn: answer.get("CompatibleRuntimes") or [] for arn, answer in zip(arns, answers, strict=True)}


def functions_at_the_edge(cdn: Any, edge: Any) -> list[Reached]:
    """Return the functions that distributions of CloudFront call, which live in us-east-1 whatever the Region."""
    pages = cdn.get_paginator("list_distributions").paginate()
    distributions = [one for page in pages for one in page["DistributionList"].get("Items") or []]
    arns = {arn: distribution["Id"] for distribution in distributions for arn in associated(distribution)}
    found = []
    for arn, distribution in sorted(arns.items()):
        configuration = edge.get_function_configuration(FunctionName=arn)
        name, version = configuration["FunctionName"], configuration["Version"]
        found.append(Reached(name, version, (f"at the edge of {distribution}",), configuration))
    return found


def associated(distribution: dict[str, Any]) -> list[str]:
    """Return the ARNs of the functions that a distribution calls in any of its behaviours."""
    behaviours = [distribution.get("DefaultCacheBehavior") or {}]
    behaviours += (distribution.get("CacheBehaviors") or {}).get("Items") or []
    associations = [(one.get("LambdaFunctionAssociations") or {}).get("Items") or [] for one in behaviours]
    return [association["LambdaFunctionARN"] for found in associations for association in found]
