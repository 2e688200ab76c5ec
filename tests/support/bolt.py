"""Write a file of BoltDB, the form of Trivy's vulnerability database (https://github.com/etcd-io/bbolt, page.go)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

Bucket = Mapping[str, "bytes | Bucket"]

PAGE = 4096
MAGIC, VERSION = 0xED0CDAED, 2
META, LEAF, FREE = 0x04, 0x02, 0x10
HEADER, ELEMENT = struct.Struct("<QHHI"), struct.Struct("<IIII")
ROOT = struct.Struct("<QQ")
OFFSET, PRIME = 0xCBF29CE484222325, 0x100000001B3  # of FNV-1a with 64 bits


def database(buckets: Bucket) -> bytes:
    """Return the file that holds these buckets; each of them lies within the page of the one that holds it."""
    first = 3  # after two pages about the file and the list of free pages
    root = leaf(buckets, first)
    pages = -(-len(root) // PAGE)
    metas = [meta(number, first, first + pages) for number in (0, 1)]
    free = HEADER.pack(2, FREE, 0, 0)
    return b"".join(page.ljust(PAGE, b"\0") for page in (*metas, free)) + root.ljust(pages * PAGE, b"\0")


def leaf(entries: Bucket, number: int = 0) -> bytes:
    """Return the page of these entries, in the order of their keys, as long as it needs to be."""
    stored = {name.encode(): entries[name] for name in entries}
    elements, content = b"", b""
    for place, name in enumerate(sorted(stored)):
        value = stored[name]
        is_bucket = not isinstance(value, bytes)
        kept = ROOT.pack(0, 0) + leaf(value) if not isinstance(value, bytes) else value
        start = ELEMENT.size * (len(stored) - place) + len(content)
        elements += ELEMENT.pack(int(is_bucket), start, len(name), len(kept))
        content += name + kept
    beyond = (HEADER.size + len(elements) + len(content) - 1) // PAGE
    return HEADER.pack(number, LEAF, len(stored), beyond) + elements + content


def meta(number: int, root: int, pages: int) -> bytes:
    """Return a page about the file."""
    about = struct.pack("<IIIIQQQQQ", MAGIC, VERSION, PAGE, 0, root, 0, 2, pages, number)
    checksum = OFFSET
    for byte in about:
        checksum = (checksum ^ byte) * PRIME % 2**64
    return HEADER.pack(number, META, 0, 0) + about + struct.pack("<Q", checksum)
