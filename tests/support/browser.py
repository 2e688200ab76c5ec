"""A headless Chromium for tests: the machine's own where there is one, else the build that the npm registry carries."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
from playwright.sync_api import Browser, sync_playwright

from support.fetching import fetched

VERSION = "153.0.0"
PACKAGE = f"https://registry.npmjs.org/@sparticuz/chromium/-/chromium-{VERSION}.tgz"
INTEGRITY = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
OWN = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser; its profile is new and goes with it."""
    program = chromium()
    folder = program.parent
    own = {"FONTCONFIG_FILE": str(folder / "fonts.conf"), "LD_LIBRARY_PATH": str(folder / "lib")}
    environment = {**os.environ, **(own if (folder / "fonts.conf").exists() else {})}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def chromium() -> Path:
    """Return the program, fetched once for this user."""
    named = [os.environ.get("CHROMIUM", ""), *OWN]
    found = next((Path(path) for path in named if path and Path(path).exists()), None)
    return found or fetched(f"chromium-{VERSION}", lambda folder: unpack(download(), folder)) / "chromium"


def download() -> bytes:
    """Return the package, which must be the one that is pinned here."""
    with urllib.request.urlopen(PACKAGE, timeout=120) as response:
        content: bytes = response.read()
    assert base64.b64encode(hashlib.sha512(content).digest()).decode() == INTEGRITY, "the package is another one"
    return content


def unpack(package: bytes, folder: Path) -> None:
    """Write the program, the libraries that it needs and its fonts."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        packed = {Path(entry.name).name: archive.extractfile(entry) for entry in archive if entry.name.endswith(".br")}
        parts = {name: brotli.decompress(file.read()) for name, file in packed.items() if file}
    (folder / "chromium").write_bytes(parts["chromium.br"])
    (folder / "chromium").chmod(0o755)
    for name in ("al2023.tar.br", "swiftshader.tar.br", "fonts.tar.br"):
        with tarfile.open(fileobj=io.BytesIO(parts[name])) as archive:
            archive.extractall(folder, filter="data")
    (folder / "fonts.conf").write_text(FONTS)
