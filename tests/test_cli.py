"""The command line answers at once, completes, and ends bad input in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hasivu_play.cli import main
from hasivu_play.project import Project

PROJECT = Project(Path(__file__).parent / "data" / "project")
HEAVY = {"ansible", "ansible_runner", "boto3", "kubernetes", "psycopg", "redis", "rich", "jsonschema", "yaml", "jinja2"}
COMMANDS = [
    "list",
    "show",
    "run",
    "resume",
    "rollback",
    "runs",
    "schedule",
    "rehearse",
    "sandbox",
    "doctor",
    "coverage",
    "project",
]


@pytest.fixture
def play(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(main, arguments, obj=PROJECT, prog_name="hasivu-play")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["runs", "-h"], ["sandbox", "fault", "-h"], ["schedule", "export", "-h"]],
)
def test_help_imports_nothing_heavy(arguments):
    script = (
        "import sys\nfrom hasivu_play.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "print('MODULES', *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert HEAVY.isdisjoint(done.stdout.split("MODULES")[1].split())


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["runs", "verify"], ["sandbox", "up"]])
def test_every_command_explains_itself(play, command):
    shown = play(*command, "-h")
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) > 4


def test_list_is_a_table_and_json(play):
    assert "Clean plates" not in play("list").stdout
    assert play("list").stdout.splitlines()[0].split() == ["ID", "TITLE", "RISK", "NEXT", "MANUAL"]
    entry = json.loads(play("list", "--json").stdout)[1]
    assert (entry["id"], entry["risk"]) == ("wash-up", "safe")
    assert entry["next"].endswith("T02:00:00+05:30")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "wash"], "There is no procedure 'wash'. Did you mean 'wash-up'?"),
        (["run", "wash"], "There is no procedure 'wash'. Did you mean 'wash-up'?"),
        (["run", "wash-up", "--env", "prod"], "There is no environment 'prod'. Choose from: broken, staging."),
        (["run", "wash-up", "--env", "staging", "-e", "degrees"], "'degrees' is no input. Write it as KEY=VALUE"),
        (
            ["run", "wash-up", "--env", "staging", "-e", "degres=3"],
            "There is no input 'degres'; did you mean 'degrees'?",
        ),
        (["run", "wash-up", "--env", "staging", "-e", "degrees=91"], "The input 'degrees' must be a whole number from"),
        (["doctor", "--env", "prod"], "There is no environment 'prod'."),
        (["runs", "show", "2026"], "There is no record of a run '2026'."),
        (["resume", "2026"], "There is no record of a run '2026'."),
        (["rollback", "2026"], "There is no record of a run '2026'."),
        (["sandbox", "fault", "rain"], "There is no fault 'rain'."),
    ],
)
def test_bad_input_ends_in_one_sentence_before_anything_starts(play, tmp_path, arguments, sentence):
    ended = play(*arguments)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"Error: {sentence}")
    assert ended.stdout == ""
    assert not (tmp_path / "home" / "runs").exists()
    assert not (tmp_path / "home" / "private").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "file" / "home"))
    ended = CliRunner().invoke(main, ["run", "wash-up", "--env", "staging"], obj=PROJECT)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"Error: {tmp_path}/file/home")


def test_completion_knows_procedures_and_environments():
    script = (
        "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
        f"main(obj=Project(Path({str(PROJECT.root)!r})), prog_name='hasivu-play')"
    )

    def complete(words, position):
        variables = {"_HASIVU_PLAY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        done = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True)
        return [line.split(",")[1] for line in done.stdout.splitlines()]

    assert complete("hasivu-play run wa", 2) == ["wash-up"]
    assert complete("hasivu-play run wash-up --env st", 4) == ["staging"]


def test_the_doctor_ends_with_a_finding(play):
    ended = play("doctor", "--env", "broken", "--json")
    assert ended.exit_code == 1
    report = json.loads(ended.stdout)
    assert report["ok"] is False
    assert all(check["mend"] for check in report["checks"] if not check["ok"])
