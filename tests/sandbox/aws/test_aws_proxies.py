"""RDS Proxy as the API shows it: what it refuses, what a target goes through, and what is left at a restart."""

import signal

import pytest
from botocore.exceptions import ClientError
from support.killing import wait_for

SOURCE = "hasivu-sandbox"
ROLE = "arn:aws:iam::204867531290:role/hasivu-proxy"


@pytest.fixture
def rds(aws, faults):
    faults(rds_step_seconds=0.1)
    return aws.client("rds")


def asked(aws, name, **more):
    """Return what makes a proxy for the login of the application."""
    subnets = [one["SubnetId"] for one in aws.client("ec2").describe_subnets()["Subnets"]]
    secret = aws.client("secretsmanager").describe_secret(SecretId="hasivu/sandbox/database/application")["ARN"]
    entry = {"AuthScheme": "SECRETS", "SecretArn": secret, "IAMAuth": "DISABLED"}
    plain = {"EngineFamily": "POSTGRESQL", "RoleArn": ROLE, "VpcSubnetIds": subnets, "Auth": [entry]}
    return {"DBProxyName": name, **plain, **more}


@pytest.fixture
def proxy(aws, rds, name):
    """Return the name of a proxy that is available; it is deleted afterwards."""
    rds.create_db_proxy(**asked(aws, name))
    wait_for(lambda: shown(rds, name)["Status"] == "available")
    yield name
    rds.delete_db_proxy(DBProxyName=name)
    wait_for(lambda: name not in [one["DBProxyName"] for one in rds.describe_db_proxies()["DBProxies"]])


def shown(rds, name):
    return rds.describe_db_proxies(DBProxyName=name)["DBProxies"][0]


def code(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_a_proxy_is_created_with_one_group_and_an_address_of_its_own(aws, rds, proxy):
    """DBProxy and DBProxyTargetGroup (RDS API Reference): one group, `default`, and an endpoint without a port."""
    found = shown(rds, proxy)
    assert (found["EngineFamily"], found["RequireTLS"], found["IdleClientTimeout"]) == ("POSTGRESQL", False, 1800)
    assert found["Endpoint"].startswith("127.")
    (group,) = rds.describe_db_proxy_target_groups(DBProxyName=proxy)["TargetGroups"]
    assert (group["TargetGroupName"], group["IsDefault"], group["Status"]) == ("default", True, "available")
    assert group["ConnectionPoolConfig"]["ConnectionBorrowTimeout"] == 120
    assert rds.describe_db_proxy_targets(DBProxyName=proxy)["Targets"] == []
    assert code(rds.create_db_proxy, **asked(aws, proxy)) == "DBProxyAlreadyExistsFault"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"DBProxyName": "9-begins-with-a-digit"}, "InvalidParameterValue"),
        ({"Auth": []}, "InvalidParameterCombination"),
        ({"VpcSubnetIds": ["subnet-absent"]}, "InvalidSubnet"),
        ({"EngineFamily": "MYSQL"}, "NotImplemented"),
        ({"TargetConnectionNetworkType": "IPV4"}, "NotImplemented"),
    ],
)
def test_a_proxy_that_cannot_be_is_refused(aws, rds, name, more, expected):
    """The errors of CreateDBProxy (RDS API Reference); what the emulator does not do is refused too."""
    assert code(rds.create_db_proxy, **asked(aws, name, **more)) == expected


def test_nothing_is_done_to_a_proxy_that_is_not_there_or_not_available(aws, rds, name, faults):
    """DBProxyNotFoundFault and InvalidDBProxyStateFault (RDS API Reference, RegisterDBProxyTargets, DeleteDBProxy)."""
    for call in (rds.delete_db_proxy, rds.describe_db_proxy_target_groups, rds.describe_db_proxy_targets):
        assert code(call, DBProxyName=name) == "DBProxyNotFoundFault"
    faults(rds_step_seconds=0.1, rds_proxy_ends="creating")
    made = rds.create_db_proxy(**asked(aws, name))["DBProxy"]
    assert made["Status"] == "creating"
    target = {"DBProxyName": name, "DBInstanceIdentifiers": [SOURCE]}
    for call, parameters in (
        (rds.register_db_proxy_targets, target),
        (rds.deregister_db_proxy_targets, target),
        (rds.delete_db_proxy, {"DBProxyName": name}),
    ):
        assert code(call, **parameters) == "InvalidDBProxyStateFault"
    faults(rds_step_seconds=0.1)
    wait_for(lambda: shown(rds, name)["Status"] == "available")
    rds.delete_db_proxy(DBProxyName=name)
    wait_for(lambda: code_of(rds, name) == "DBProxyNotFoundFault")


def code_of(rds, name):
    """Return the error with which RDS answers for a proxy, or nothing while it is there."""
    try:
        rds.describe_db_proxies(DBProxyName=name)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def test_a_target_is_registered_once_and_one_at_a_time(rds, proxy):
    """ "Each proxy can be associated with a single target DB instance" (User Guide, Limitations for RDS Proxy);
    DBProxyTargetAlreadyRegisteredFault, DBProxyTargetNotFoundFault (API Reference)."""
    target = {"DBProxyName": proxy, "DBInstanceIdentifiers": [SOURCE]}
    assert code(rds.deregister_db_proxy_targets, **target) == "DBProxyTargetNotFoundFault"
    absent = {**target, "DBInstanceIdentifiers": ["absent"]}
    assert code(rds.register_db_proxy_targets, **absent) == "DBInstanceNotFound"
    elsewhere = {**target, "TargetGroupName": "other"}
    assert code(rds.register_db_proxy_targets, **elsewhere) == "DBProxyTargetGroupNotFoundFault"
    (made,) = rds.register_db_proxy_targets(**target)["DBProxyTargets"]
    assert (made["RdsResourceId"], made["Type"], made["TargetHealth"]["State"]) == (
        SOURCE,
        "RDS_INSTANCE",
        "REGISTERING",
    )
    assert code(rds.register_db_proxy_targets, **target) == "DBProxyTargetAlreadyRegisteredFault"
    rds.deregister_db_proxy_targets(**target)
    assert rds.describe_db_proxy_targets(DBProxyName=proxy)["Targets"] == []


def test_a_target_without_a_server_is_unreachable_and_a_restart_forgets_neither(aws, rds, proxy):
    """TargetHealth has State and Reason (API Reference); here nothing listens where the instance is said to be."""
    rds.register_db_proxy_targets(DBProxyName=proxy, DBInstanceIdentifiers=[SOURCE])

    def health():
        (target,) = rds.describe_db_proxy_targets(DBProxyName=proxy)["Targets"]
        return target["TargetHealth"]

    wait_for(lambda: health()["State"] == "UNAVAILABLE")
    assert health()["Reason"] == "UNREACHABLE"
    before = shown(rds, proxy)
    aws.end(signal.SIGKILL)
    aws.start()
    assert shown(rds, proxy) == before
    wait_for(lambda: health().get("Reason") == "UNREACHABLE")
