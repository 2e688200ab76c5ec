# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template is compiled once for all workers, and never taken for another one."""

from __future__ import annotations

import functools
import marshal
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible._internal._templating._jinja_bits import AnsibleEnvironment, _TemplateCompileContext
from ansible.template import Templar
from ansible_collections.hasivu.ops.plugins.plugin_utils.templates import (
    Codes,
    compiled_once,
    expressed_once,
    share_templates,
)
from jinja2 import TemplateSyntaxError

TEXT = "{{ aws_environment }} and {{ items | map(attribute='name') | list }}"


class Process:
    """A process as far as its templates go: what it compiled itself, and what it was given."""

    def __init__(self, folder: Path) -> None:
        self.compiled: list[Any] = []
        codes = Codes(folder / "codes")
        self.compile: Callable[..., Any] = compiled_once(self.really_compile, codes)
        self.express: Callable[..., Any] = expressed_once(self.really_express, codes)

    def really_compile(self, environment: Any, source: Any, *names: Any, **options: Any) -> Any:
        self.compiled.append(source)
        return AnsibleEnvironment.compile(environment, source, *names, **options)

    def really_express(self, environment: Any, source: str, *options: Any) -> Any:
        environment.compile = functools.partial(self.compile, environment)
        return AnsibleEnvironment.compile_expression(environment, source, *options)


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    first, second, environment = Process(tmp_path), Process(tmp_path), AnsibleEnvironment()
    codes = [process.compile(environment, TEXT) for process in (first, first, second)]
    assert (first.compiled, second.compiled) == ([TEXT], [])
    assert codes[0] is codes[1]
    assert codes[2].co_code == codes[0].co_code == AnsibleEnvironment.compile(environment, TEXT).co_code


@pytest.mark.parametrize(
    "overlay", [{"variable_start_string": "[["}, {"trim_blocks": False}, {"keep_trailing_newline": True}]
)
def test_another_syntax_is_another_template(tmp_path: Path, overlay: dict[str, Any]) -> None:
    process, environment = Process(tmp_path), AnsibleEnvironment()
    process.compile(environment, TEXT)
    process.compile(environment.overlay(**overlay), TEXT)
    assert process.compiled == [TEXT, TEXT]


def test_backslashes_that_are_read_otherwise_make_another_template(tmp_path: Path) -> None:
    process, environment = Process(tmp_path), AnsibleEnvironment()
    codes = []
    for escaped in (True, False):
        with _TemplateCompileContext(escape_backslashes=escaped):
            codes.append(process.compile(environment, r"{{ 'a\nb' }}"))
    assert len(process.compiled) == 2
    assert codes[0] != codes[1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-1] + b"?",
        lambda content: b"no code" * 9,
    ],
    ids=["empty", "torn", "altered", "something else"],
)
def test_what_is_damaged_is_compiled_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    environment, file = AnsibleEnvironment(), tmp_path / "codes"
    Process(tmp_path).compile(environment, TEXT)
    file.write_bytes(damage(file.read_bytes()))
    process = Process(tmp_path)
    code = process.compile(environment, TEXT)
    assert process.compiled == [TEXT]
    assert code.co_code == AnsibleEnvironment.compile(environment, TEXT).co_code


def test_an_entry_is_read_when_its_writer_has_ended_it(tmp_path: Path) -> None:
    environment, file = AnsibleEnvironment(), tmp_path / "codes"
    Process(tmp_path).compile(environment, TEXT)
    whole = file.read_bytes()
    os.truncate(file, len(whole) // 2)
    codes = Codes(file)
    codes.catch_up()
    assert codes.known == {}
    file.write_bytes(whole)
    codes.catch_up()
    assert [marshal.loads(code).co_code for code in codes.known.values()] == [
        AnsibleEnvironment.compile(environment, TEXT).co_code
    ]


def test_many_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    codes, texts = Codes(tmp_path / "codes"), [f"{TEXT} {number}" for number in range(60)]

    def write(part: int) -> None:
        for number in range(part, 60, 3):
            codes.keep(bytes([number]) * 32, compile(repr(texts[number]), "<text>", "eval"))

    writers = [multiprocessing.get_context("fork").Process(target=write, args=(part,)) for part in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = [codes.find(bytes([number]) * 32) for number in range(60)]
    assert [eval(code) for code in found if code] == texts


def test_a_parsed_template_and_one_with_a_name_are_left_alone(tmp_path: Path) -> None:
    process, environment = Process(tmp_path), AnsibleEnvironment()
    for _ in range(2):
        process.compile(environment, environment.parse(TEXT))
        process.compile(environment, TEXT, "a name")
    assert len(process.compiled) == 4
    assert (tmp_path / "codes").read_bytes() == b""


def test_an_expression_is_compiled_once(tmp_path: Path) -> None:
    first, second = Process(tmp_path), Process(tmp_path)
    for process in (first, first, second):
        process.express(AnsibleEnvironment(), "1 + rows", False)
    assert (len(first.compiled), len(second.compiled)) == (1, 0)


def test_a_text_is_an_expression_or_a_template_and_never_the_other(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.express(AnsibleEnvironment(), "rows", False)
    process.compile(AnsibleEnvironment(), "rows")
    assert len(process.compiled) == 2


def test_what_was_kept_gives_what_ansible_gives_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templar = Templar(variables={"rows": [{"name": "orders"}, {"name": "menus"}]})
    texts = ("{{ rows | map(attribute='name') | list }}", "rows[0].name is defined")
    template, expression = (TrustedAsTemplate().tag(text) for text in texts)

    def answers() -> tuple[Any, Any]:
        return templar.template(template), templar.evaluate_expression(expression)

    without = answers()
    for name in ("compile", "compile_expression"):
        monkeypatch.setattr(AnsibleEnvironment, name, getattr(AnsibleEnvironment, name))
    share_templates(tmp_path / "templates")
    assert answers() == answers() == without == (["orders", "menus"], True)
    codes = Codes(tmp_path / "templates")
    codes.catch_up()
    assert len(codes.known) == 2


def test_a_broken_expression_says_so_each_time_and_is_not_taken_for_the_next(tmp_path: Path) -> None:
    process, environment = Process(tmp_path), AnsibleEnvironment()
    for _ in range(2):
        with pytest.raises(TemplateSyntaxError):
            process.express(environment, "rows +", False)
    process.compile(environment, environment.parse(TEXT))
    assert (tmp_path / "codes").read_bytes() == b""
