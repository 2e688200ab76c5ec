"""Progress is read while it is written."""

from hasivu_play.progress_file import ProgressFile


def test_progress_is_empty_before_the_file_exists(tmp_path):
    assert ProgressFile(tmp_path / "progress.jsonl").read() == {}


def test_the_newest_complete_line_counts(tmp_path):
    path = tmp_path / "progress.jsonl"
    progress = ProgressFile(path)
    path.write_text('{"message": "a"}\n{"message": "b"}\n{"mess')
    assert progress.read() == {"message": "b"}
    with path.open("a") as file:
        file.write('age": "c"}\n')
    assert progress.read() == {"message": "c"}


def test_a_line_that_is_no_mapping_is_passed_over(tmp_path):
    path = tmp_path / "progress.jsonl"
    path.write_text('{"message": "a"}\n')
    progress = ProgressFile(path)
    progress.read()
    with path.open("a") as file:
        file.write("nonsense\n[1]\n\n")
    assert progress.read() == {"message": "a"}


def test_what_a_step_reported_is_forgotten_with_it(tmp_path):
    path = tmp_path / "progress.jsonl"
    path.write_text('{"message": "a"}\n')
    progress = ProgressFile(path)
    progress.forget()
    assert progress.read() == {}
