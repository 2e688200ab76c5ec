"""Mend what a fresh sandbox plants for monthly-security, by its APIs and files alone, as its operators would."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from kubernetes import client, config
from scans.scanning import git

from hasivu_play.sandbox.edge import authority
from hasivu_play.sandbox.edge.certificates import key_file, public_file
from hasivu_play.sandbox.edge.names import host_of
from hasivu_play.sandbox.layout import Layout
from support.access import aws
from support.killing import wait_for
from support.kubernetes import Kubernetes
from support.registry import Registry, alpine
from support.sandbox import Sandbox

CURRENT, EDGE = "python3.13", "us-east-1"
KEYS = {"keyTypes": ["EC_prime256v1"]}
# What a name is served with after its renewal, and below which name ACM keeps it.
RENEWED = {"admin": "admin", "legacy": "legacy", "kiosk": "counter"}
MINIMIST = "sha512-2yyAR8qBkN3YuheJanUpWC5U3bb5osDywNB8RzDVlDwDHbocAJveqqj1u8+SVD7jkWT4yvsHCpWqqWqAxb0zCA=="
DEPLOYMENTS = ("hasivu-web", "hasivu-api")


def renew_certificates(sandbox: Sandbox) -> None:
    """Renew what is served, delete what nobody needs, and make the record by which ACM renews the rest."""
    acm = aws(sandbox, "acm")
    held = acm.list_certificates(Includes=KEYS)["CertificateSummaryList"]
    arns = {one["DomainName"]: one["CertificateArn"] for one in held}
    for name, kept in RENEWED.items():
        keep(sandbox, name, kept, CertificateArn=arns[host_of(kept)])
    keep(sandbox, "partners", "partners")
    aws(sandbox, "iam").delete_server_certificate(ServerCertificateName="hasivu-partners")
    acm.delete_certificate(CertificateArn=arns[host_of("retired")])
    write_zone(sandbox, "www", "reports")


def keep(sandbox: Sandbox, name: str, kept: str, **where: str) -> None:
    """Have a certificate issued for a name, and for the one that ACM has it under; import it and serve it."""
    layout = Layout(sandbox.home / "sandbox")
    chain = public_file(layout, "intermediate").read_text()
    key: Any = load_pem_private_key(key_file(layout, "intermediate").read_bytes(), None)
    issuer = authority.Issued(x509.load_pem_x509_certificate(chain.encode()), key)
    names = list(dict.fromkeys([host_of(kept), host_of(name)]))
    issued = authority.make_server(names, datetime.now(UTC) + timedelta(days=200), issuer)
    sent = {"Certificate": issued.pem, "PrivateKey": issued.key_pem, "CertificateChain": chain}
    aws(sandbox, "acm").import_certificate(**sent, **where)
    key_file(layout, name).write_text(issued.key_pem)
    public_file(layout, name).write_text(issued.pem + chain)


def write_zone(sandbox: Sandbox, *names: str) -> None:
    """Let the zone have the records of these names, and of no other."""
    (sandbox.home / "sandbox" / "edge" / "zone.json").write_text(json.dumps({"validated": names}))


def renew_runtimes(sandbox: Sandbox) -> None:
    """Give every function a runtime and a layer that are in support, and upgrade the cluster."""
    change(sandbox, "hasivu-platform-legacy-export", Runtime="nodejs24.x")
    change(sandbox, "hasivu-platform-menu-images", Runtime=CURRENT)
    layer = aws(sandbox, "lambda").publish_layer_version(
        LayerName="hasivu-fonts", Content={"ZipFile": archive()}, CompatibleRuntimes=[CURRENT]
    )
    change(sandbox, "hasivu-platform-label-printer", Layers=[layer["LayerVersionArn"]])
    change_the_edge(sandbox, "hasivu-edge-redirect", "nodejs24.x")
    upgrade_cluster(sandbox)


def upgrade_cluster(sandbox: Sandbox) -> None:
    """Upgrade the cluster to a version that the table of the sandbox did not know yet, and add that to the table."""
    table = sandbox.home / "sandbox" / "lifecycles.yml"
    table.write_text(table.read_text().replace("\nkubernetes:\n", '\nkubernetes:\n  "1.36": {}\n'))
    (sandbox.home / "sandbox" / "kubernetes" / "version").write_text("36\n")


def archive() -> bytes:
    """Return a package with one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("fonts/README", "Fonts of the labels.\n")
    return packed.getvalue()


def change(sandbox: Sandbox, name: str, **settings: Any) -> None:
    """Change a function, publish it, and let its users reach what was published."""
    version = publish(aws(sandbox, "lambda"), name, **settings)["Version"]
    aws(sandbox, "lambda").update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def publish(lambdas: Any, name: str, **settings: Any) -> dict[str, Any]:
    """Change a function and publish it."""
    lambdas.update_function_configuration(FunctionName=name, **settings)
    wait_for(lambda: updated(lambdas, name))
    published: dict[str, Any] = lambdas.publish_version(FunctionName=name)
    return published


def updated(lambdas: Any, name: str) -> bool:
    """Tell whether the last change of a function is done."""
    return bool(lambdas.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")


def change_the_edge(sandbox: Sandbox, name: str, runtime: str) -> None:
    """Publish a function at the edge with another runtime, and let its distribution call that one."""
    arn = publish(aws(sandbox, "lambda", EDGE), name, Runtime=runtime)["FunctionArn"]
    cdn = aws(sandbox, "cloudfront")
    (identity,) = [
        one["Id"]
        for one in cdn.list_distributions()["DistributionList"]["Items"]
        if name in json.dumps(cdn.get_distribution_config(Id=one["Id"])["DistributionConfig"])
    ]
    known = cdn.get_distribution_config(Id=identity)
    (association,) = known["DistributionConfig"]["DefaultCacheBehavior"]["LambdaFunctionAssociations"]["Items"]
    association["LambdaFunctionARN"] = arn
    cdn.update_distribution(Id=identity, IfMatch=known["ETag"], DistributionConfig=known["DistributionConfig"])


def api(sandbox: Sandbox, kind: Any) -> Any:
    """Return a client of the cluster."""
    return kind(config.new_client_from_config(str(sandbox.home / "sandbox" / "credentials" / "kubeconfig")))


def run_images(sandbox: Sandbox, registry: Registry, **packages: str) -> None:
    """Let every image be one of a registry that is really there, by digest, and nothing be left that ran another."""
    apps, batch = api(sandbox, client.AppsV1Api), api(sandbox, client.BatchV1Api)
    for one in apps.list_namespaced_deployment("hasivu").items:
        body = {"spec": {"template": pushed(one.spec.template, registry, packages)}}
        apps.patch_namespaced_deployment(one.metadata.name, "hasivu", body)
        wait_for(lambda name=one.metadata.name: Kubernetes(sandbox).serves(name))
    for one in batch.list_namespaced_cron_job("hasivu").items:
        body = {
            "spec": {
                "jobTemplate": {"spec": {"template": pushed(one.spec.job_template.spec.template, registry, packages)}}
            }
        }
        batch.patch_namespaced_cron_job(one.metadata.name, "hasivu", body)
    for job in batch.list_namespaced_job("hasivu").items:
        batch.delete_namespaced_job(job.metadata.name, "hasivu", propagation_policy="Foreground")
    renderer, lambdas = "hasivu-platform-report-renderer", aws(sandbox, "lambda")
    code = lambdas.get_function(FunctionName=renderer, Qualifier="live")["Code"]
    lambdas.update_function_code(FunctionName=renderer, ImageUri=push(code["ImageUri"], registry, packages))
    wait_for(lambda: updated(lambdas, renderer))
    change(sandbox, renderer)


def pushed(template: Any, registry: Registry, packages: dict[str, str]) -> dict[str, Any]:
    """Return the change of a template of pods to images of a registry."""
    named = [{"name": one.name, "image": push(one.image, registry, packages)} for one in template.spec.containers]
    return {"spec": {"containers": named}}


def push(image: str, registry: Registry, packages: dict[str, str]) -> str:
    """Push an Alpine with these packages as an image of the same name, and return that by its digest."""
    host, _, rest = image.partition("@")[0].partition("/")
    repository = rest.partition(":")[0]
    return f"{host}/{repository}@{registry.push(repository, alpine(**packages))}"


def rewrite_history(sandbox: Sandbox) -> None:
    """Take the key out of every version of every file, as its finding asks, and deploy what is left, mended."""
    tree = sandbox.home / "sandbox" / "repository" / "platform.git"
    shutil.rmtree(tree / ".git")
    git(tree, "init", "--quiet", "--initial-branch=main")
    lock = json.loads((tree / "package-lock.json").read_text())
    lock["packages"][""]["dependencies"]["minimist"] = "1.2.8"
    lock["packages"]["node_modules/minimist"] |= {"version": "1.2.8", "integrity": MINIMIST}
    package = json.loads((tree / "package.json").read_text()) | {"dependencies": {"minimist": "1.2.8"}}
    (tree / "package-lock.json").write_text(json.dumps(lock))
    (tree / "package.json").write_text(json.dumps(package))
    deploy(sandbox, "certifi==2026.10.19\nclick==8.2.1\nrequests==2.32.5\n")


def deploy(sandbox: Sandbox, requirements: str) -> None:
    """Commit other requirements, and let what runs say that it was built from that commit."""
    tree = sandbox.home / "sandbox" / "repository" / "platform.git"
    (tree / "requirements.txt").write_text(requirements)
    git(tree, "add", "--all")
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(tree, *author, "commit", "--quiet", "--message=Other requirements")
    body = {"metadata": {"annotations": {"hasivu.edu.in/commit": git(tree, "rev-parse", "HEAD").strip()}}}
    for name in DEPLOYMENTS:
        api(sandbox, client.AppsV1Api).patch_namespaced_deployment(name, "hasivu", body)
