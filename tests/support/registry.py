"""A registry of container images on loopback, with images and a vulnerability database that a test writes.

What it speaks is the OCI distribution specification, as far as pulling goes (https://github.com/opencontainers/distribution-spec).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.bolt import Bucket, database

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"
TRIVY_CONFIG = "application/vnd.aquasec.trivy.config.v1+json"
TRIVY_LAYER = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
DISTRIBUTION = "alpine 3.24"


class Registry:
    """Images by repository and digest."""

    def __init__(self, address: str) -> None:
        """Begin without any image."""
        self.address = address
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], bytes] = {}

    def push(self, repository: str, files: Mapping[str, str]) -> str:
        """Keep an image of one layer with these files, and return its digest."""
        layer = archive({name: content.encode() for name, content in files.items()})
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"User": "1000"},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(gzip.decompress(layer))]},
            "history": [{"created_by": "COPY / /"}],
        }
        return self.keep(repository, self.blob(CONFIG, json.dumps(config).encode()), self.blob(LAYER, layer))

    def push_database(self, advisories: Bucket, updated: datetime) -> str:
        """Keep a vulnerability database as Trivy gets it, and return the name of its repository."""
        moments = {"UpdatedAt": updated, "NextUpdate": updated + timedelta(days=1)}
        told = {"Version": 2, **{name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in moments.items()}}
        layer = archive({"trivy.db": database(advisories), "metadata.json": json.dumps(told).encode()})
        named = {"annotations": {"org.opencontainers.image.title": "db.tar.gz"}}
        digest = self.keep("trivy-db", self.blob(TRIVY_CONFIG, b"{}"), self.blob(TRIVY_LAYER, layer) | named)
        self.manifests["trivy-db", "2"] = self.manifests["trivy-db", digest]
        return f"{self.address}/trivy-db:2"

    def blob(self, kind: str, content: bytes) -> dict[str, Any]:
        """Keep some bytes, and return how a manifest names them."""
        self.blobs[digest_of(content)] = content
        return {"mediaType": kind, "size": len(content), "digest": digest_of(content)}

    def keep(self, repository: str, config: dict[str, Any], layer: dict[str, Any]) -> str:
        """Keep a manifest and return its digest."""
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        content = json.dumps(manifest).encode()
        self.manifests[repository, digest_of(content)] = content
        return digest_of(content)

    def find(self, path: str) -> tuple[str, bytes] | None:
        """Return what lies at a path with its type, or nothing."""
        if path == "/v2/":
            return "application/json", b"{}"
        repository, _, reference = path.removeprefix("/v2/").rpartition("/")
        repository, _, kind = repository.rpartition("/")
        if kind == "blobs":
            blob = self.blobs.get(reference)
            return None if blob is None else ("application/octet-stream", blob)
        manifest = self.manifests.get((repository, reference))
        return None if manifest is None else (MANIFEST, manifest)


@contextmanager
def running() -> Iterator[Registry]:
    """Serve a registry on a free port of loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.registry = Registry(f"127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.registry  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers whoever pulls."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with what lies there."""
        found = self.server.registry.find(self.path)  # type: ignore[attr-defined]
        kind, content = found or ("application/json", b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        self.send_response(200 if found else 404)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Docker-Content-Digest": digest_of(content),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_HEAD(self) -> None:
        """Answer with what there is to say of it."""
        self.do_GET()

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - the name of the standard library
        """Say nothing."""


def archive(files: Mapping[str, bytes]) -> bytes:
    """Return files as a layer has them; the same files give the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def digest_of(content: bytes) -> str:
    """Return the name of content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def alpine(**packages: str) -> dict[str, str]:
    """Return the files by which Alpine says what it is, and which packages it has in which versions."""
    installed = [f"P:{name}\nV:{version}\nA:x86_64\nL:MIT\no:{name}\n" for name, version in packages.items()]
    release = DISTRIBUTION.partition(" ")[2]
    return {
        "etc/alpine-release": f"{release}.0\n",
        "etc/os-release": f'NAME="Alpine Linux"\nID=alpine\nVERSION_ID={release}.0\n',
        "lib/apk/db/installed": "\n".join(installed) + "\n",
    }


def advisories(**fixed: tuple[str, str, str]) -> Bucket:
    """Return a database that knows, by package of Alpine, a vulnerability with its severity and where it is mended."""
    source = {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"}
    known = {name: {key: as_json({"FixedVersion": mended})} for name, (key, _, mended) in fixed.items()}
    told = {key: as_json({"Title": f"A weakness of {name}", "Severity": how}) for name, (key, how, _) in fixed.items()}
    return {DISTRIBUTION: known, "vulnerability": told, "data-source": {DISTRIBUTION: as_json(source)}}


def as_json(value: dict[str, str]) -> bytes:
    """Return a value as the database has it."""
    return json.dumps(value).encode()


def now() -> datetime:
    """Return the present moment, for a database that is new."""
    return datetime.now(UTC)
