"""The names below which the sandbox can be reached, and what is the matter with the certificate of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DOMAIN = "sandbox.hasivu.edu.in"


@dataclass(frozen=True)
class Named:
    """A certificate of the sandbox."""

    days: float
    kept_in: str
    complete: bool = True
    covers: str = ""

    def host(self, name: str) -> str:
        """Return the host that the certificate covers, which need not be the one that serves it."""
        return f"{self.covers or name}.{DOMAIN}"


# What the front door serves: days until the last one, the store that keeps the certificate, and what is wrong with it.
SERVED: Mapping[str, Named] = {
    "app": Named(300.5, "kubernetes"),
    "api": Named(240.5, "acm"),
    "admin": Named(9.5, "acm"),
    "partners": Named(-5, "iam"),
    "legacy": Named(180.5, "acm", complete=False),
    "kiosk": Named(150.5, "acm", covers="counter"),
}
# Certificates that ACM itself has issued, served too; the second one's record for renewal is not in the zone.
ISSUED_BY_AMAZON: Mapping[str, Named] = {
    "www": Named(200.5, "acm"),
    "reports": Named(25.5, "acm"),
}
# One that nobody uses any more, and the one that `api` had before its renewal.
FORMER: Mapping[str, Named] = {
    "retired": Named(-9, "acm"),
    "api-old": Named(25.5, "", covers="api"),
}
EVERY: Mapping[str, Named] = {**SERVED, **ISSUED_BY_AMAZON, **FORMER}


def host_of(name: str) -> str:
    """Return the host of a name, such as `app.sandbox.hasivu.edu.in` of `app`."""
    return f"{name}.{DOMAIN}"


def validation_record(name: str) -> tuple[str, str]:
    """Return name and value of the record by which ACM sees that a host is ours."""
    return f"_7f3a9c5e1b2d4860.{host_of(name)}.", f"_0b1c2d3e4f5a6978.{name}.acm-validations.aws."
