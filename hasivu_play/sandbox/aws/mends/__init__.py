"""Replacements for handlers of ministack that answer differently from AWS; docs/aws-emulator.md names each source."""

from __future__ import annotations

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.mends import (
    authorization_details,
    backup,
    certificates,
    credential_report,
    elasticache,
    event_sources,
    execution_role,
    functions,
    iam,
    invocations,
    logs,
    metrics,
    object_lock,
    rds_certificates,
    secrets,
    server_certificates,
    trail,
    versions,
)
from hasivu_play.sandbox.aws.mends.auth_token import AuthTokens
from hasivu_play.sandbox.aws.rds.api import Rds
from hasivu_play.sandbox.aws.telemetry import Telemetry
from hasivu_play.sandbox.layout import Layout


def apply(layout: Layout, faults: Faults, telemetry: Telemetry, tokens: AuthTokens, database: Rds) -> None:
    """Put every replacement in place, before ministack answers its first request."""
    database.apply()
    elasticache.apply(layout)
    tokens.apply()
    metrics.apply(telemetry)
    backup.apply(faults)
    object_lock.apply()
    logs.apply()
    iam.apply()
    credential_report.apply(faults)
    authorization_details.apply()
    functions.apply(faults)
    event_sources.apply(faults)
    versions.apply()
    invocations.apply()
    execution_role.apply()
    certificates.apply(layout)
    server_certificates.apply(layout.part("aws") / "state")
    rds_certificates.apply(layout)
    secrets.apply()
    trail.apply(layout.part("aws") / "state")
