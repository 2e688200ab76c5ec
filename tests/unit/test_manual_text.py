"""The text of a manual is read into sections and blocks, and no command line of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasivu_play.errors import UsageError
from hasivu_play.manual import load_register, write_register
from hasivu_play.manual_text import parse, read_manual

TEXT = """
# The Kitchen - Operations Manual

## Table of Contents

1. [Plates](#plates)

## Plates

### Every Sunday (2:00 AM IST)

Wash with care.

#### 1. Wash & Dry

```bash
# Wash the plates (all of them)
wash --degrees 40 \\
  --soak

# Dry them
# Note: with a towel
dry

echo "done"
```

1. **Chipped plates**

   ```sql
   -- Find chipped plates
   SELECT plate
     FROM plates;
   ```

#### 2. Script

```bash
#!/bin/bash
# wash.sh
# Polish them
wash
```

---

**Document Version**: 2.1
"""


def blocks():
    return {block.key.rsplit("/", 1)[-1]: block for block in parse(TEXT).blocks}


def test_title_version_and_sections_are_read():
    manual = parse(TEXT)
    assert (manual.title, manual.version) == ("The Kitchen - Operations Manual", "2.1")
    assert [section.key for section in manual.sections] == [
        "plates",
        "every-sunday",
        "every-sunday/wash-dry",
        "every-sunday/script",
    ]
    assert manual.section_of["every-sunday/script"].name == "Plates > Every Sunday (2:00 AM IST) > 2. Script"


def test_a_comment_opens_a_block_and_a_note_does_not():
    assert blocks()["wash-the-plates"].lines == ("# Wash the plates (all of them)", "wash --degrees 40 \\", "  --soak")
    assert blocks()["dry-them"].lines == ("# Dry them", "# Note: with a towel", "dry")


def test_a_line_after_an_empty_one_opens_a_block():
    assert blocks()["echo-done"].lines == ('echo "done"',)


def test_a_fence_in_a_list_is_read_without_its_indentation():
    assert blocks()["find-chipped-plates"].lines == ("-- Find chipped plates", "SELECT plate", "  FROM plates;")


def test_the_first_line_of_a_script_belongs_to_its_name():
    assert blocks()["wash-sh"].lines == ("#!/bin/bash", "# wash.sh")


def test_the_same_opening_twice_in_a_section_has_two_keys():
    twice = parse("## A\n```\n# Look\none\n\n# Look\ntwo\n```\n")
    assert [block.key for block in twice.blocks] == ["a/look", "a/look-2"]


def test_prose_has_a_digest_that_neither_commands_nor_the_imprint_change():
    digests = {section.key: section.prose for section in parse(TEXT).sections}
    assert digests["plates"] == digests["every-sunday/script"] == ""
    altered = TEXT.replace("wash --degrees 40", "wash --degrees 60").replace("2.1", "2.2")
    assert {section.key: section.prose for section in parse(altered).sections} == digests
    careless = parse(TEXT.replace("with care", "in haste")).section_of["every-sunday"].prose
    assert careless != digests["every-sunday"]


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "#!/bin/bash",
            "# Wash",
            "# Wash (twice)",
            "# Note: wet",
            "-- Dry",
            "wash",
            "  --hot",
            "echo ''",
            "#",
            "~~~",
        ]
    ),
    max_size=12,
)


@given(st.lists(LINES, max_size=5))
def test_every_line_of_every_fence_is_in_one_block_and_in_its_order(fences):
    text = "\n".join(f"## Part {number}\n```bash\n{chr(10).join(lines)}\n```" for number, lines in enumerate(fences))
    manual = parse(text)
    read = [line.strip() for block in manual.blocks for line in block.lines if line.strip()]
    written = [line.strip() for lines in fences for line in lines if line.strip()]
    assert read == written
    assert len({block.key for block in manual.blocks}) == len(manual.blocks)


def test_a_register_is_written_and_read_again(tmp_path):
    write_register(parse(TEXT), tmp_path / "register.json")
    assert load_register(tmp_path / "register.json") == parse(TEXT)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"## Plates\n\nWash.\n", "holds no command block"),
        (b"## Plates\n```bash\nwash\n", "A fence under 'Plates' never ends"),
        (b"\xff\xfe", "is not text in UTF-8"),
    ],
)
def test_a_file_that_is_no_manual_is_refused(tmp_path, content, complaint):
    (tmp_path / "manual.md").write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        read_manual(tmp_path / "manual.md")
