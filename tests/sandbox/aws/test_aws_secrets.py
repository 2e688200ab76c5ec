"""Secrets Manager, KMS and RDS Proxy as a rotation meets them: what AWS answers, and where that is documented."""

import uuid

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


@pytest.fixture
def secrets(aws, name):
    """Return a client, and a secret with one version."""
    client = aws.client("secretsmanager")
    first = str(uuid.uuid4())
    client.create_secret(Name=name, ClientRequestToken=first, SecretString="one")
    return client, name, first


def stages(client, secret):
    return client.describe_secret(SecretId=secret)["VersionIdsToStages"]


def test_the_token_of_a_new_secret_is_the_id_of_its_version(secrets):
    """ "This value becomes the VersionId of the new version" (API Reference, CreateSecret, ClientRequestToken)."""
    client, secret, first = secrets
    assert stages(client, secret) == {first: ["AWSCURRENT"]}


def test_a_version_is_stored_once_and_never_overwritten(secrets):
    """ "the operation succeeds but does nothing. However, if the secret data is different, then the operation fails"
    (API Reference, PutSecretValue)."""
    client, secret, first = secrets
    token = str(uuid.uuid4())
    pending = {"SecretId": secret, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
    for _ in range(2):
        client.put_secret_value(**pending, SecretString="two")
    with pytest.raises(ClientError, match="ResourceExistsException"):
        client.put_secret_value(**pending, SecretString="three")
    with pytest.raises(ClientError, match="ResourceExistsException"):
        client.update_secret(SecretId=secret, ClientRequestToken=token, SecretString="two")
    assert client.get_secret_value(SecretId=secret, VersionId=token)["SecretString"] == "two"
    assert stages(client, secret) == {first: ["AWSCURRENT"], token: ["AWSPENDING"]}


def test_a_stage_is_on_one_version_only(secrets):
    """ "Secrets Manager removes the label from the other version" (API Reference, PutSecretValue, VersionStages)."""
    client, secret, first = secrets
    tokens = [str(uuid.uuid4()) for _ in range(2)]
    for token in tokens:
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"]
        )
    assert stages(client, secret) == {first: ["AWSCURRENT"], tokens[1]: ["AWSPENDING"]}


def test_versions_without_a_stage_are_listed_on_demand_only(secrets):
    """ "By default, versions without staging labels aren't included" (API Reference, ListSecretVersionIds)."""
    client, secret, first = secrets
    token = str(uuid.uuid4())
    client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="x", VersionStages=["AWSPENDING"])
    client.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=token)

    def listed(**more):
        return {one["VersionId"] for one in client.list_secret_version_ids(SecretId=secret, **more)["Versions"]}

    assert listed() == {first}
    assert listed(IncludeDeprecated=True) == {first, token}
    assert client.get_secret_value(SecretId=secret, VersionId=token)["SecretString"] == "x"


def test_the_current_stage_moves_by_compare_and_swap(secrets):
    """ "If the label is attached and you either do not specify this parameter, or the version ID does not match, then
    the operation fails" (API Reference, UpdateSecretVersionStage, RemoveFromVersionId)."""
    client, secret, first = secrets
    token = str(uuid.uuid4())
    client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="x", VersionStages=["AWSPENDING"])
    move = {"SecretId": secret, "VersionStage": "AWSCURRENT", "MoveToVersionId": token}
    for wrong in ({}, {"RemoveFromVersionId": token}):
        with pytest.raises(ClientError):
            client.update_secret_version_stage(**move, **wrong)
    assert stages(client, secret)[first] == ["AWSCURRENT"]
    client.update_secret_version_stage(**move, RemoveFromVersionId=first)
    assert {version: sorted(held) for version, held in stages(client, secret).items()} == {
        first: ["AWSPREVIOUS"],
        token: ["AWSCURRENT", "AWSPENDING"],
    }


def test_a_generated_password_holds_each_kind_and_nothing_excluded(aws):
    """PasswordLength, ExcludeCharacters, RequireEachIncludedType (API Reference, GetRandomPassword)."""
    excluded = "/@\"'\\ %:?#&+"
    password = aws.client("secretsmanager").get_random_password(
        PasswordLength=40, ExcludeCharacters=excluded, RequireEachIncludedType=True
    )["RandomPassword"]
    assert len(password) == 40
    assert not set(password) & set(excluded)
    kinds = (str.isupper, str.islower, str.isdigit, lambda letter: not letter.isalnum())
    assert all(any(kind(letter) for letter in password) for kind in kinds)


def test_a_key_that_is_switched_off_says_so(aws):
    """KeyState is Enabled or Disabled (KMS API Reference, KeyMetadata)."""
    client = aws.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]

    def state():
        return client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    client.disable_key(KeyId=key)
    assert state() == "Disabled"
    client.enable_key(KeyId=key)
    assert state() == "Enabled"


def test_an_account_without_proxies_has_an_empty_list(aws):
    """DBProxies is a list; a name that does not exist is DBProxyNotFoundFault (RDS API Reference)."""
    client = aws.client("rds")
    assert client.describe_db_proxies()["DBProxies"] == []
    for ask in (client.describe_db_proxies, client.describe_db_proxy_targets):
        with pytest.raises(ClientError, match="DBProxyNotFoundFault"):
            ask(DBProxyName="nobody")


def test_the_seeded_logins_are_whole_and_as_old_as_the_story_says(aws):
    client = aws.client("secretsmanager")
    for name in ("application", "monitor", "rotator"):
        found = client.describe_secret(SecretId=f"hasivu/sandbox/database/{name}")
        assert found["KmsKeyId"].startswith("arn:aws:kms:")
        (version,) = client.list_secret_version_ids(SecretId=found["Name"])["Versions"]
        assert version["CreatedDate"] == found["LastChangedDate"]


def test_a_lost_answer_is_one_after_the_deed_and_throttling_is_none_of_it(aws, faults, secrets):
    """A fault of ours: boto3 tries again with the same token, and AWS has stored the version once."""
    _, secret, first = secrets
    faults(lost_answers={"secretsmanager:PutSecretValue": 1}, throttled={"secretsmanager:PutSecretValue": 1})
    client = aws.client("secretsmanager", config=Config(retries={"mode": "standard", "total_max_attempts": 4}))
    token = str(uuid.uuid4())
    client.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString="x", VersionStages=["AWSPENDING"])
    assert stages(client, secret) == {first: ["AWSCURRENT"], token: ["AWSPENDING"]}
    asked = [one["status"] for one in aws.requests() if one["action"] == "secretsmanager:PutSecretValue"]
    assert asked[-3:] == [400, 500, 200]
