"""What AWS answers of principals, their credentials and their changes; each test says where that is documented."""

import csv
import io
import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def details(client, size=None, **asked):
    config = {"PageSize": size} if size else {}
    pages = client.get_paginator("get_account_authorization_details").paginate(PaginationConfig=config, **asked)
    return list(pages)


def by_name(pages, name):
    key = {"UserDetailList": "UserName", "GroupDetailList": "GroupName", "RoleDetailList": "RoleName"}
    return {item[key.get(name, "PolicyName")]: item for page in pages for item in page[name]}


def test_authorization_details_tell_of_every_principal_with_its_policies(aws, name):
    """UserDetail, GroupDetail, RoleDetail (IAM API Reference); documents are decoded by the client."""
    client = aws.client("iam")
    client.create_user(UserName=name, Tags=[{"Key": "team", "Value": "Platform"}])
    client.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    client.add_user_to_group(UserName=name, GroupName="operations")
    client.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    pages = details(client)
    user = by_name(pages, "UserDetailList")[name]
    assert user["UserPolicyList"] == [{"PolicyName": "all", "PolicyDocument": EVERYTHING}]
    assert user["GroupList"] == ["operations"]
    assert [one["PolicyName"] for one in user["AttachedManagedPolicies"]] == ["ReadOnlyAccess"]
    assert user["Tags"] == [{"Key": "team", "Value": "Platform"}]
    assert user["CreateDate"] == client.get_user(UserName=name)["User"]["CreateDate"]
    role = by_name(pages, "RoleDetailList")["hasivu-lambda"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert [one["PolicyName"] for one in role["RolePolicyList"]] == ["debugging"]
    group = by_name(pages, "GroupDetailList")["operations"]
    assert [one["PolicyName"] for one in group["AttachedManagedPolicies"]] == ["ReadOnlyAccess"]


def test_authorization_details_tell_the_default_version_of_a_policy_and_who_has_it(aws, name):
    """ManagedPolicyDetail: DefaultVersionId, AttachmentCount, PolicyVersionList (IAM API Reference)."""
    client = aws.client("iam")
    arn = client.create_policy(PolicyName=name, PolicyDocument=json.dumps(EVERYTHING))["Policy"]["Arn"]
    narrow = {**EVERYTHING, "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    client.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(narrow), SetAsDefault=True)
    policy = by_name(details(client), "Policies")[name]
    default = [one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
    assert [one["Document"] for one in default] == [narrow]
    assert (policy["DefaultVersionId"], policy["AttachmentCount"]) == ("v2", 0)
    assert by_name(details(client), "Policies")["ReadOnlyAccess"]["AttachmentCount"] >= 1
    assert "AmazonS3FullAccess" not in by_name(details(client), "Policies")


def test_authorization_details_come_in_pages_and_by_kind(aws):
    """MaxItems, Marker and Filter (IAM API Reference, GetAccountAuthorizationDetails)."""
    client = aws.client("iam")
    whole, paged = details(client), details(client, size=3)
    assert len(whole) == 1
    assert {sum(len(page[name]) for name in LISTS) for page in paged[:-1]} == {3}
    assert all(list(by_name(whole, name)) == list(by_name(paged, name)) for name in LISTS)
    roles = details(client, Filter=["Role"])
    assert by_name(roles, "RoleDetailList")
    assert not by_name(roles, "UserDetailList")
    assert not by_name(roles, "Policies")


def test_a_credential_report_is_started_and_then_complete(own_aws):
    """State is STARTED, INPROGRESS or COMPLETE (IAM API Reference, GenerateCredentialReport)."""
    own_aws.start()
    client = own_aws.client("iam")
    with pytest.raises(ClientError, match="ReportNotPresent"):
        client.get_credential_report()
    assert client.generate_credential_report()["State"] == "STARTED"
    assert client.generate_credential_report()["State"] == "COMPLETE"
    assert client.get_credential_report()["Content"].startswith(b"user,arn,user_creation_time")


def test_a_pending_credential_report_is_not_given(aws, faults):
    """CredentialReportNotReadyException has the code ReportInProgress (IAM API Reference, GetCredentialReport)."""
    client = aws.client("iam")
    faults(credential_report_pending=True)
    assert client.generate_credential_report()["State"] == "INPROGRESS"
    with pytest.raises(ClientError, match="ReportInProgress"):
        client.get_credential_report()


def report(client):
    client.generate_credential_report()
    rows = csv.DictReader(io.StringIO(client.get_credential_report()["Content"].decode()))
    return {row["user"]: row for row in rows}


def test_the_report_tells_used_and_unused_keys_apart(aws):
    """access_key_N_last_used_date is N/A for a key without use (IAM User Guide, credential reports)."""
    row = report(aws.client("iam"))["ci-deploy"]
    assert row["access_key_1_active"] == row["access_key_2_active"] == "true"
    assert row["access_key_1_last_used_service"] == "s3"
    assert row["access_key_2_last_used_date"] == "N/A"
    assert row["access_key_2_last_rotated"] > row["access_key_1_last_rotated"]


def test_summary_and_report_agree_on_the_root_user(aws, faults):
    """AccountMFAEnabled and AccountAccessKeysPresent are of the root user (IAM API Reference, GetAccountSummary)."""
    client = aws.client("iam")
    for without, key in ((False, False), (True, True)):
        faults(root_without_mfa=without, root_key=key)
        root, summary = report(client)["<root_account>"], client.get_account_summary()["SummaryMap"]
        assert (root["mfa_active"], summary["AccountMFAEnabled"]) == (str(not without).lower(), int(not without))
        assert (root["access_key_1_active"], summary["AccountAccessKeysPresent"]) == (str(key).lower(), int(key))


def test_events_are_looked_up_by_one_attribute_only(aws):
    """ "Currently the list can contain only one item" (CloudTrail API Reference, LookupEvents)."""
    asked = [{"AttributeKey": "EventSource", "AttributeValue": "iam.amazonaws.com"}]
    client = aws.client("cloudtrail", "us-east-1")
    assert client.lookup_events(LookupAttributes=asked)["Events"]
    with pytest.raises(ClientError, match="InvalidLookupAttributesException"):
        client.lookup_events(LookupAttributes=asked * 2)


def test_a_refused_action_answers_its_code_and_others_go_on(aws, faults):
    """Codes of refusals: IAM API Reference, Common errors; the client waits and retries when it was throttled."""
    faults(refused={"iam:ListUsers": "AccessDenied", "iam:ListRoles": "Throttling"})
    patient = aws.client("iam", config=Config(retries={"mode": "standard", "total_max_attempts": 2}))
    with pytest.raises(ClientError, match="AccessDenied"):
        patient.list_users()
    with pytest.raises(ClientError, match=r"Throttling.*reached max retries: 1"):
        patient.list_roles()
    assert patient.list_groups()["Groups"]


def test_making_a_report_is_no_change(aws):
    """Both have the access level Read in the Service Authorization Reference, Actions for IAM."""
    client = aws.client("iam")
    client.generate_credential_report()
    with pytest.raises(ClientError, match="NotImplemented"):
        client.generate_service_last_accessed_details(Arn="arn:aws:iam::204867531290:user/anita.deshpande")
    newest = {request["action"]: request["changing"] for request in aws.requests()[-2:]}
    assert newest == {"iam:GenerateCredentialReport": False, "iam:GenerateServiceLastAccessedDetails": False}
