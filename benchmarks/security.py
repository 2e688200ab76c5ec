"""Claim: what monthly-security and the manual both do takes half the time; the whole procedure stands beside it."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import trial_playbook
from benchmarks.clock import alternate, tell
from benchmarks.figure import Figure, compare
from benchmarks.miniature import Miniature, miniature
from benchmarks.programs import PROGRAMS, BenchmarkError, run
from benchmarks.trial_playbook import Step

AIM = 0.5
CONNECTIONS = "SELECT usename, client_addr, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC"
REGION = {"region": "{{ aws_region }}"}
COMMIT = "{{ lookup('ansible.builtin.file', sandbox_directory ~ '/repository/commit') }}"
OURS: list[Step] = [
    {"hasivu.ops.aws_info": {"service": "lambda", "operation": "list_functions", **REGION}},
    {"hasivu.ops.aws_info": {"service": "iam", "operation": "list_users", **REGION}},
    {
        "hasivu.ops.aws_info": {
            "service": "cloudtrail",
            "operation": "lookup_events",
            "parameters": {
                "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "AttachUserPolicy"}],
                "StartTime": "{{ '%Y-%m-%dT%H:%M:%SZ' | strftime(now().timestamp() - 30 * 86400, utc=true) }}",
            },
            "region": "us-east-1",
        }
    },
    {
        "hasivu.ops.db_query_info": {
            **trial_playbook.OURS["postgresql"]["hasivu.ops.db_query_info"],
            "query": CONNECTIONS,
        }
    },
    {
        "hasivu.ops.security_scan": {
            "directory": "{{ hasivu_run.directory }}",
            "artifacts": {"images": [], "commits": [COMMIT], "findings": [], "sections": [], "unknown": []},
            "repositories": "{{ scan_repositories }}",
            "lock_files": {"npm-audit": ["package-lock.json"]},
            "scanners": ["npm-audit"],
            "tools": "{{ scan_tools }}",
            "mirrors": "{{ scan_mirrors }}",
        }
    },
]


def measure(rounds: int) -> list[Figure]:
    """Compare the steps that both do, and set the whole procedure, which does far more, beside the manual's lines."""
    with miniature() as world, aws_cli(world) as aws:
        playbook = trial_playbook.write(world.home / "security.yml", OURS)
        ways = {
            "the same steps": lambda: world.ansible_playbook(playbook),
            "hasivu-play run monthly-security": lambda: whole(world),
            "the manual's lines": lambda: lines_of_the_manual(world, aws),
        }
        same, all_of_it, manual = alternate(ways, rounds).values()
    other = "against the manual's aws, psql and npm"
    return [
        compare(f"The steps of monthly-security that the manual has too {other}", same, manual, aim=AIM),
        compare(f"The whole of monthly-security {other}", all_of_it, manual),
    ]


def whole(world: Miniature) -> None:
    """Run the procedure; the sandbox is full of findings, so that its end is 1."""
    try:
        world.play("run", "monthly-security", "-e", "min_interval_days=0")
    except BenchmarkError as error:
        if "ended with 1," not in str(error):
            raise


@contextmanager
def aws_cli(world: Miniature) -> Iterator[Path]:
    """Install the AWS command line into a folder of its own, for it pins another botocore than ours."""
    tell("  installing the AWS command line")
    folder = world.home / "aws-cli"
    run(PROGRAMS / "uv", "venv", "--quiet", folder)
    run(PROGRAMS / "uv", "pip", "install", "--quiet", "--python", folder / "bin" / "python", "awscli")
    yield folder / "bin" / "aws"


def lines_of_the_manual(world: Miniature, aws: Path) -> None:
    """Do what the manual says, a program for each line; npm audit without its `fix`, for the lock file must stay."""
    environment = {**world.environment(), **aws_settings(world)}
    since = str(int((datetime.now(UTC) - timedelta(days=30)).timestamp()))
    for line in (
        ["lambda", "list-functions", "--query", "Functions[?Runtime=='nodejs14.x'].FunctionName"],
        ["iam", "list-users", "--query", "Users[?CreateDate<'2024-01-01'].UserName"],
        ["cloudtrail", "lookup-events", "--lookup-attributes",
         "AttributeKey=EventName,AttributeValue=AttachUserPolicy", "--start-time", since],
    ):  # fmt: skip
        run(aws, *line, environment=environment)
    world.psql("hasivu_admin", world.postgresql["database"], CONNECTIONS)
    npm_audit(world, environment)


def npm_audit(world: Miniature, environment: dict[str, str]) -> None:
    """Audit the lock file of the platform; npm ends with 1 when it finds something, as it does here."""
    mirror = world.layout.endpoints()["companions"]["advisories_url"] + "/npm/"
    tree = world.layout.part("repository") / "platform.git"
    arguments = ["audit", "--json", "--package-lock-only", f"--prefix={tree}", f"--registry={mirror}"]
    try:
        run("npm", *arguments, f"--cache={world.home / 'npm'}", environment=environment)
    except BenchmarkError as error:
        if "npm ended with 1," not in str(error):
            raise


def aws_settings(world: Miniature) -> dict[str, str]:
    """Return the settings with which the AWS command line asks the sandbox."""
    file = configparser.ConfigParser()
    file.read(world.layout.credential("aws"))
    key = file["default"]
    return {
        "AWS_ACCESS_KEY_ID": key["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": key["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": world.layout.endpoints()["aws"]["url"],
    }
