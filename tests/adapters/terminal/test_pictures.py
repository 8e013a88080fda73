"""Pictures, of which a terminal can only say where they are."""

from pathlib import Path

import pytest

from adapters.terminal.pictures import with_paths
from bot.document import Detail, Document, Image, Note, Text

PICTURE = Image("shares.png", b"\x89PNG", "Shares by answer")


@pytest.mark.parametrize("folded", [False, True])
def test_a_picture_is_written_to_a_file_and_its_path_is_told(folded: bool) -> None:
    block = Detail("How sure is this?", (PICTURE,)) if folded else PICTURE

    (shown,) = with_paths(Document((block,))).blocks

    (note,) = shown.blocks if isinstance(shown, Detail) else (shown,)
    (file,) = (Path(part) for part in str(note).split("`") if part.endswith(".png"))
    assert isinstance(note, Note)
    assert note.text == f"Shares by answer: `{file}`"
    assert file.read_bytes() == b"\x89PNG"


def test_the_name_of_a_picture_leads_nowhere_else() -> None:
    (note,) = with_paths(Document((Image("../../evil.png", b"x", "Evil"),))).blocks

    assert isinstance(note, Note)
    assert Path(note.text.split("`")[1]).name == "evil.png"
    assert ".." not in note.text


def test_everything_else_stays_as_it_is() -> None:
    document = Document((Text("Yes."), Detail("More", (Note("small"),))), votable=True)

    assert with_paths(document) == document
