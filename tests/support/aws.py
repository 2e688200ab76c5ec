"""The AWS of a sandbox, asked as an operator with the sandbox's own key would."""

from __future__ import annotations

import configparser
import json
from typing import Any

import boto3
from botocore.config import Config

from support.sandbox import Sandbox

REGION = "ap-south-1"
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


def client(sandbox: Sandbox, service: str, key: dict[str, str] | None = None, region: str = REGION) -> Any:
    """Return a client that tries once, with the key of the operator or another one."""
    file = configparser.ConfigParser()
    file.read(sandbox.home / "sandbox" / "credentials" / "aws")
    login = key or {name: file["default"][name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    config = Config(retries={"total_max_attempts": 1})
    url = sandbox.endpoints()["aws"]["url"]
    return boto3.session.Session().client(service, region_name=region, endpoint_url=url, config=config, **login)


class Secret:
    """A secret of Secrets Manager as anybody sees it who may read it."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        """Keep which secret is meant."""
        self.name = name
        self.api = client(sandbox, "secretsmanager")

    def stages(self) -> dict[str, list[str]]:
        """Return the stages of each version."""
        found: dict[str, list[str]] = self.api.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return found

    def current(self) -> str:
        """Return the version that is published."""
        return next(version for version, stages in self.stages().items() if CURRENT in stages)

    def versions(self) -> list[str]:
        """Return every version, those without a stage too."""
        answer = self.api.list_secret_version_ids(SecretId=self.name, IncludeDeprecated=True)
        return [version["VersionId"] for version in answer["Versions"]]

    def value(self, version: str) -> dict[str, str]:
        """Return the fields of a version."""
        text = self.api.get_secret_value(SecretId=self.name, VersionId=version)["SecretString"]
        fields: dict[str, str] = json.loads(text)
        return fields

    def values(self) -> dict[str, dict[str, str]]:
        """Return the fields of every version."""
        return {version: self.value(version) for version in self.versions()}

    def put(self, version: str, fields: dict[str, str]) -> None:
        """Store a version as pending, as another rotation would."""
        text = json.dumps(fields)
        self.api.put_secret_value(
            SecretId=self.name, ClientRequestToken=version, SecretString=text, VersionStages=[PENDING]
        )

    def forget(self, version: str) -> None:
        """Take AWSPENDING off a version."""
        self.api.update_secret_version_stage(SecretId=self.name, VersionStage=PENDING, RemoveFromVersionId=version)
