# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a version that gets a share of the calls does worse than the version before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

METRICS = (("calls", "Invocations", "Sum"), ("errors", "Errors", "Sum"), ("throttles", "Throttles", "Sum"),
           ("p95", "Duration", "p95"))  # fmt: skip
MINUTE = 60
WORSE = 2.0


@dataclass(frozen=True)
class Sample:
    """What CloudWatch counted of one version since the watch began; p95 in milliseconds, the worst of its minutes."""

    calls: float = 0
    errors: float = 0
    throttles: float = 0
    p95: float = 0

    @property
    def error_rate(self) -> float:
        """Return the share of calls that failed."""
        return self.errors / self.calls if self.calls else 0.0

    @property
    def throttle_rate(self) -> float:
        """Return the share of attempts that were turned away."""
        attempts = self.calls + self.throttles
        return self.throttles / attempts if attempts else 0.0


@dataclass(frozen=True)
class Limits:
    """How much worse is still accepted, and how much must be seen."""

    error_rate: float
    slower_factor: float
    slower_ms: float
    least_calls: int


def queries(function: str, alias: str, versions: dict[str, str]) -> list[dict[str, Any]]:
    """Return the questions to CloudWatch, with ids such as `new_errors`."""
    return [
        {
            "Id": f"{name}_{field}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "FunctionName", "Value": function},
                        {"Name": "Resource", "Value": f"{function}:{alias}"},
                        {"Name": "ExecutedVersion", "Value": version},
                    ],
                },
                "Period": MINUTE,
                "Stat": statistic,
            },
        }
        for name, version in versions.items()
        for field, metric, statistic in METRICS
    ]


def sample_of(results: list[dict[str, Any]], name: str) -> Sample:
    """Return the sample of one version from the answers of CloudWatch."""
    values = {result["Id"]: result["Values"] for result in results}
    sums = {field: sum(values.get(f"{name}_{field}", [])) for field, _, statistic in METRICS if statistic == "Sum"}
    return Sample(**sums, p95=max(values.get(f"{name}_p95", []), default=0))


def worse(new: Sample, old: Sample, failure: str, limits: Limits) -> str:
    """Return in what the new version does worse than the old one, or nothing."""
    if failure:
        return f"a trial call failed: {failure}"
    if new.errors > 1 and new.error_rate > max(limits.error_rate, WORSE * old.error_rate):
        return f"{new.errors:.0f} of its {new.calls:.0f} calls failed, before it {old.error_rate:.1%}"
    if new.throttles > 1 and new.throttle_rate > max(limits.error_rate, WORSE * old.throttle_rate):
        return f"{new.throttles:.0f} of its calls were throttled, before it {old.throttle_rate:.1%}"
    slowest = limits.slower_factor * old.p95 + limits.slower_ms
    if new.calls >= limits.least_calls and old.calls >= limits.least_calls and new.p95 > slowest:
        return f"95 percent of its calls took up to {new.p95:.0f} ms, against {old.p95:.0f} ms of the version before"
    return ""


def unknown(new: Sample, trials: int, limits: Limits) -> str:
    """Return why nothing can be said of the new version at the end of the watch, or nothing."""
    seen = new.calls + trials
    if seen >= limits.least_calls:
        return ""
    return f"only {seen:.0f} calls reached it, and {limits.least_calls} are needed to judge it"
