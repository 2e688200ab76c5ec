"""Lambda: provisioned concurrency is for published versions and aliases only."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

LATEST = "$LATEST"


def apply() -> None:
    """Replace PutProvisionedConcurrencyConfig."""
    original = lambda_svc._put_provisioned_concurrency

    def put(name: str, qualifier: str, sent: dict[str, Any]) -> Any:
        if (qualifier or LATEST) == LATEST:
            message = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            return error_response_json("InvalidParameterValueException", message, 400)
        return original(name, qualifier, sent)

    lambda_svc._put_provisioned_concurrency = put
