"""Clients of the sandbox's AWS for the sandbox itself, with the keys of its credentials file."""

from __future__ import annotations

import configparser
from typing import Any

from hasivu_play.sandbox.layout import Layout

REGION = "ap-south-1"


def client(layout: Layout, service: str) -> Any:
    """Return a client of a service, which does not wait for long and asks once.

    Raises:
        KeyError: AWS has no address yet.
    """
    import boto3
    from botocore.config import Config

    file = configparser.ConfigParser()
    file.read(layout.credential("aws"))
    key = file["default"]
    make: Any = boto3.client  # its types know the name of each service, and no other text
    return make(
        service,
        REGION,
        endpoint_url=layout.endpoints()["aws"]["url"],
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
        aws_access_key_id=key["aws_access_key_id"],
        aws_secret_access_key=key["aws_secret_access_key"],
    )
