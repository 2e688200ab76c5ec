"""IAM: a service user whose one access key a consumer takes from a secret, and the bucket that it writes to."""

from __future__ import annotations

import json
import time

from ministack.core.responses import request_scope
from ministack.services import iam

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import call, query_call
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.seed.data import LOCATION, keep_secret
from hasivu_play.sandbox.credentials import REPORTS_KEY
from hasivu_play.sandbox.layout import Layout

DAY = 86400
USER = "hasivu-reports"
GROUP = "report-writers"
USER_AGE_DAYS = 380
KEY_AGE_DAYS = 130
BUCKET = "hasivu-sandbox-reports"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}],
}


async def plant(layout: Layout) -> None:
    """Make the user, its key, the secret that holds the key, and the bucket."""
    key: dict[str, str] = json.loads(layout.read_credential(REPORTS_KEY))
    await query_call("iam", "CreateUser", UserName=USER)
    await query_call("iam", "CreateGroup", GroupName=GROUP)
    policy = {"PolicyName": "write-reports", "PolicyDocument": json.dumps(POLICY)}
    await query_call("iam", "PutGroupPolicy", GroupName=GROUP, **policy)
    await query_call("iam", "AddUserToGroup", GroupName=GROUP, UserName=USER)
    with request_scope(ACCOUNT, REGION):
        iam._users[USER]["CreateDate"] = timestamp(time.time() - USER_AGE_DAYS * DAY)
        adopt_key(key)
    await keep_secret("hasivu/sandbox/access-key/reports", key)
    await call("s3", "PUT", f"/{BUCKET}", LOCATION)


def adopt_key(key: dict[str, str]) -> None:
    """Give the user the key that the consumer has already; it is older than it should be."""
    iam._access_keys[key["access_key_id"]] = {
        "UserName": USER,
        "AccessKeyId": key["access_key_id"],
        "SecretAccessKey": key["secret_access_key"],
        "Status": "Active",
        "CreateDate": timestamp(time.time() - KEY_AGE_DAYS * DAY),
        "_last_used": {"date": timestamp(time.time() - DAY), "region": REGION, "service": "s3"},
    }
