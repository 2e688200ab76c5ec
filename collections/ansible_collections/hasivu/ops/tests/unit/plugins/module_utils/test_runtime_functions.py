# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which versions of functions calls reach, and which layers do not fit them."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils import runtime_functions as functions
from ansible_collections.hasivu.ops.plugins.module_utils.lifecycle_verdict import Use
from ansible_collections.hasivu.ops.plugins.module_utils.runtime_engines import database, minor
from ansible_collections.hasivu.ops.plugins.module_utils.runtime_functions import Reached

LAYERED = {"Runtime": "python3.13", "Layers": [{"Arn": "fonts:1"}]}


def test_a_version_is_reached_by_weight_too() -> None:
    aliases = [
        {"Name": "live", "FunctionVersion": "6", "RoutingConfig": {"AdditionalVersionWeights": {"7": 0.1}}},
        {"Name": "beta", "FunctionVersion": "7"},
    ]
    assert functions.versions_of(aliases) == {"6": ("live",), "7": ("live", "beta")}


def test_versions_with_one_runtime_are_one_use_and_images_are_none() -> None:
    reached = [
        Reached("f", "$LATEST", (), {"Runtime": "python3.13"}),
        Reached("f", "2", ("live",), {"Runtime": "python3.13"}),
        Reached("f", "1", ("old",), {"Runtime": "python3.9"}),
        Reached("image", "$LATEST", (), {"PackageType": "Image"}),
    ]
    assert functions.uses_of(reached) == [
        Use("lambda", "python3.13", "f", "$LATEST, version 2 (live)"),
        Use("lambda", "python3.9", "f", "version 1 (old)"),
    ]


def test_a_layer_that_says_nothing_fits_and_one_for_others_does_not() -> None:
    reached = [Reached("f", "$LATEST", (), LAYERED)]
    assert functions.misfits(reached, {"fonts:1": []}) == []
    assert functions.misfits(reached, {"fonts:1": ["python3.13"]}) == []
    assert functions.misfits(reached, {"fonts:1": ["python3.9"]}) == [
        ("fonts:1", Use("lambda", "python3.13", "f", "$LATEST"))
    ]


def test_every_behaviour_of_a_distribution_is_looked_at() -> None:
    one, other = ({"LambdaFunctionAssociations": {"Items": [{"LambdaFunctionARN": arn}]}} for arn in "ab")
    assert functions.associated({"DefaultCacheBehavior": one, "CacheBehaviors": {"Items": [other, {}]}}) == ["a", "b"]
    assert functions.associated({}) == []


def test_engines_are_named_as_the_table_names_them() -> None:
    instance = {"DBInstanceIdentifier": "db", "Engine": "postgres", "EngineVersion": "18.3"}
    assert database(instance).name == "18"
    assert database({**instance, "Engine": "mysql"}).name == "mysql 18.3"
    assert minor("v1.34.2-eks-1a2b3c4") == "1.34"
