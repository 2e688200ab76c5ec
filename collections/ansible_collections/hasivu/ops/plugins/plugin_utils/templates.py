# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every worker of Ansible would else do again: load filters and tests, and compile templates.

Ansible forks a worker for each step, and what a worker compiles is lost with it. The same templates come again in every
step, such as the environment of a play, so their code is kept in a file that the process and all its workers share.
"""

from __future__ import annotations

import functools
import hashlib
import marshal
import os
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2.environment import TemplateExpression

SYNTAX = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
    "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks",
    "newline_sequence", "keep_trailing_newline", "optimized",
)  # fmt: skip

# The key of a template, the length of its code, and the CRC-32 of both.
ENTRY = struct.Struct(">32sII")


def load_plugins() -> None:
    """Load the filters and tests that templates know, and the lookups of our inventories."""
    from ansible.plugins.loader import filter_loader, lookup_loader, test_loader

    for loader in (filter_loader, test_loader):
        list(loader.all())
    for name in ("ansible.builtin.env", "ansible.builtin.file"):
        lookup_loader.get(name, class_only=True)


def share_templates(path: Path) -> None:
    """Let this process and all that are forked from it keep the code of templates in a file, and find it there.

    Args:
        path: Where the code goes. A process that shares a file already keeps that.

    Raises:
        OSError: The file cannot be made.
    """
    from ansible._internal._templating._jinja_bits import AnsibleEnvironment

    if hasattr(AnsibleEnvironment.compile, "__wrapped__") or AnsibleEnvironment._debuggable_template_source:
        return
    codes = Codes(path)
    AnsibleEnvironment.compile = compiled_once(AnsibleEnvironment.compile, codes)
    AnsibleEnvironment.compile_expression = expressed_once(AnsibleEnvironment.compile_expression, codes)


class Codes:
    """The code of templates and expressions: what this process knows, and a file to which all processes append.

    An entry is written by one call, and none is changed. Where the file ends within an entry, its writer may still be
    at work; where an entry is damaged, nothing behind it is read.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, which is for its owner alone; it is made where there is none.

        Raises:
            OSError: It cannot be.
        """
        self.file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.known: dict[bytes, bytes | CodeType] = {}
        self.read = 0
        self.expression = ""

    def find(self, key: bytes) -> CodeType | None:
        """Return the code of a template that some process has compiled, or nothing."""
        if key not in self.known:
            with suppress(OSError):
                self.catch_up()
        found = self.known.get(key)
        if isinstance(found, bytes):
            found = self.known[key] = marshal.loads(found)  # noqa: S302  # only our processes write there
        return found

    def catch_up(self) -> None:
        """Read what processes have appended since the last look."""
        news = os.pread(self.file, os.fstat(self.file).st_size - self.read, self.read)
        begin = 0
        while begin + ENTRY.size <= len(news):
            key, length, check = ENTRY.unpack_from(news, begin)
            end = begin + ENTRY.size + length
            if end > len(news):
                break
            content = news[begin + ENTRY.size : end]
            if zlib.crc32(content, zlib.crc32(key)) != check:
                break
            self.known.setdefault(key, content)
            begin = end
        self.read += begin

    def keep(self, key: bytes, code: CodeType) -> CodeType:
        """Keep code for all processes, and return it; a full disk costs the others time alone."""
        self.known[key] = code
        content = marshal.dumps(code)
        with suppress(OSError):
            os.write(self.file, ENTRY.pack(key, len(content), zlib.crc32(content, zlib.crc32(key))) + content)
        return code


def compiled_once(compile_template: Callable[..., Any], codes: Codes) -> Callable[..., Any]:
    """Return a `compile` of Jinja that compiles a text once for all processes."""

    @functools.wraps(compile_template)
    def compile_once(environment: Any, source: Any, *names: Any, **options: Any) -> Any:
        text = source if isinstance(source, str) else codes.expression
        if not text or any(names) or any(options.values()):
            return compile_template(environment, source, *names, **options)
        key = key_of(environment, text, is_expression=text is not source)
        return codes.find(key) or codes.keep(key, compile_template(environment, source))

    return compile_once


def expressed_once(compile_expression: Callable[..., Any], codes: Codes) -> Callable[..., Any]:
    """Return a `compile_expression` of Jinja that parses and compiles an expression once for all processes."""

    @functools.wraps(compile_expression)
    def express_once(environment: Any, source: str, undefined_to_none: bool = True) -> Any:
        code = codes.find(key_of(environment, source, is_expression=True))
        if code:
            template = environment.template_class.from_code(environment, code, environment.make_globals(None))
            return TemplateExpression(template, undefined_to_none)
        codes.expression = source
        try:
            return compile_expression(environment, source, undefined_to_none)
        finally:
            codes.expression = ""

    return express_once


def key_of(environment: Any, source: str, *, is_expression: bool) -> bytes:
    """Return a name for all that the code of a template depends on: its text, and how Jinja is to read it."""
    from ansible._internal._templating._jinja_bits import _TemplateCompileContext

    context = _TemplateCompileContext.current(optional=True)
    syntax = [getattr(environment, name) for name in SYNTAX]
    told = (type(environment).__qualname__, syntax, context and context.escape_backslashes, is_expression, str(source))
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).digest()
