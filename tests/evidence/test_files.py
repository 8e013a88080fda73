"""Files of every kind, and hostile ones: each gives a text or a sentence, in time."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unreadable
from bot.evidence import files
from bot.evidence.files import FILE_LIMIT_BYTES, Read, read_file
from bot.evidence.worker import Limits, Unread, read
from tests.evidence import made
from tests.fakes.watched import eventually


async def refusal(data: bytes, name: str, limits: Limits | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        await read_file(data, name, limits=limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("notes.md", b"# Notes\n\nGrass is green.\n", "# Notes\n\nGrass is green.\n"),
        ("run.py", b"print(1)\n", "print(1)\n"),
        ("a.csv", "größe;öl\r\n1;2\r\n".encode("cp1252"), "größe;öl\r\n1;2\r\n"),
        ("win.txt", "안녕".encode("utf-16"), "안녕"),
        ("excel.csv", b"\xef\xbb\xbfa,b\n1,2\n", "a,b\n1,2\n"),
        ("Makefile", b"all:\n\ttrue\n", "all:\n\ttrue\n"),
        ("log.txt", b"\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
    ],
)
async def test_text_is_read_as_it_is(name: str, data: bytes, text: str) -> None:
    assert await read_file(data, name) == Read(text)


async def test_one_line_without_end_is_read_up_to_the_limit() -> None:
    read = await read_file(b"a," * (FILE_LIMIT_BYTES // 2), "a.csv")
    assert read == Read("a," * 50_000, more=True)


async def test_of_two_kinds_in_one_file_the_one_that_it_is_called_is_read() -> None:
    both = made.pdf("Grass is green.") + made.docx("Sky is blue.")
    assert (await read_file(both, "a.pdf")).text == "Grass is green."
    assert "not what its name says" in await refusal(both, "a.docx")


async def test_old_korean_text_is_read() -> None:
    text = "안녕하세요 여러분, 오늘은 하늘이 왜 파란지 이야기해 봅시다."
    assert (await read_file(text.encode("cp949"), "a.txt")).text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["가나다 가 회의: 예산은 3억 원이다.\n", "Why?\r\n", "Ø, Привет.\n", "會議記錄。\n"]
)
async def test_text_in_two_bytes_a_character_is_read_without_a_mark(
    text: str, encoding: str
) -> None:
    assert (await read_file(text.encode(encoding), "a.txt")).text == text


@pytest.mark.parametrize(
    "data",
    [
        b"SQLite format 3\0\x10\0\1\1\0@  \0\0\0\x06\0\0\0\x04" + bytes(100),
        bytes(range(256)) * 8,
        b"\0" * 1_001,
        b"text\0" * 500,
        b"abc\0",
        b"\0\xd8\0\xd8",
        b"\0\1" * 600,
        b"\0\xe0 \0" * 600,
    ],
)
async def test_what_holds_zeros_and_is_no_text_is_refused(data: bytes) -> None:
    assert (await refusal(data, "a.txt")).startswith("Text, code, Markdown, CSV")


async def test_the_words_of_a_pdf_are_read() -> None:
    assert (await read_file(made.pdf("Grass is green."), "a.PDF")).text == "Grass is green."


async def test_paragraphs_and_tables_of_a_word_document_are_read_in_order() -> None:
    data = made.docx("Before", "Behind", rows=(("a", "b"), ("1", "2")))
    assert (await read_file(data, "a.docx")).text == "Before\n\nBehind\n\na | b\n1 | 2"


async def test_what_is_too_long_is_read_up_to_the_limit() -> None:
    read = await read_file("é".encode() * 101, "a.txt", limits=Limits(chars=100))
    assert read == Read("é" * 100, more=True)
    assert await read_file(b"x" * 100, "a.txt", limits=Limits(chars=100)) == Read("x" * 100)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.txt", b"", "It is empty."),
        ("a.txt", b" \n", "It is empty."),
        ("a.pdf", b"", "It is empty."),
        ("a.txt", b"%PDF-1.4 ...", "What it holds is not what its name says."),
        ("a.txt", b"GIF89a%PDF-1.4 ...", "Text, code, Markdown, CSV"),
        ("a.txt", b"hello\n%PDF-1.4 ...", "What it holds is not what its name says."),
        ("a.docx", b"Just text.", "What it holds is not what its name says."),
        ("a.png", b"\x00\x01\x02\xff", "What it holds is not what its name says."),
        ("a.exe", b"\x00\x01\x02\xff", "Text, code, Markdown, CSV, PDF, Word"),
        ("a.pdf", b"GIF89a%PDF-1.4", "What it holds is not what its name says."),
        ("a.md", made.docx("x"), "What it holds is not what its name says."),
        ("a.docx", made.pdf("x"), "What it holds is not what its name says."),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Text, code, Markdown, CSV"),
        ("a.gz", b"\x1f\x8b\x08\x00", "Text, code, Markdown, CSV"),
        ("a.bin", random.Random(1).randbytes(4_000), "Text, code, Markdown, CSV"),
        ("a.txt", b"text\0" * 100, "Text, code, Markdown, CSV"),
        ("a.pdf", b"%PDF-1.7\nnothing", "It is damaged."),
        ("a.pdf", made.pdf("x")[:-200], "It is damaged."),
        ("a.docx", made.docx("x")[:5_000], "It is damaged."),
        ("a.pdf", made.blank_pdf(1), "It holds no text, only pictures perhaps."),
        ("a.pdf", made.blank_pdf(1, "secret"), "It is protected by a password."),
        ("a.docx", made.docx_with(b"\0" * 60_000_000), "Too much is packed in it."),
        ("a.docx", made.crowded_zip(), "Too much is packed in it."),
        ("a.docx", made.zipped(made.docx("x")), "What it holds is not what its name says."),
        ("a.docx", made.zipped(made.zipped(b"")), "What it holds is not what its name says."),
        ("a.docx", b"MZ" + made.docx("x"), "What it holds is not what its name says."),
        ("a.zip", made.zipped(b"words"), "What it holds is not what its name says."),
        ("a.txt", "Why?".encode("utf-32-le"), "Text, code, Markdown, CSV"),
        ("a.txt", b"\xff\xfe\x00", "Text, code, Markdown, CSV"),
        ("a.txt", b"\xff\xfe\0\0\0", "Text, code, Markdown, CSV"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_sentence(
    name: str, data: bytes, why: str
) -> None:
    assert (await refusal(data, name)).startswith(why)


async def test_a_pdf_of_ten_thousand_pages_is_refused() -> None:
    why = await refusal(made.blank_pdf(10_000), "a.pdf")
    assert why == "It has 10,000 pages, and the limit is 300. Send those that matter."


async def test_what_is_larger_than_may_be_is_not_looked_at() -> None:
    assert await refusal(b"x" * (FILE_LIMIT_BYTES + 1), "a.txt") == "It is larger than 10 MB."


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", made.docx_with(made.repeated_entity())),
        ("a.docx", made.docx_with(made.DEEP)),
        ("a.docx", made.lying_zip()),
        ("a.docx", made.docx_with(made.LAUGHTER)),
        ("a.pdf", made.pdf_in_a_circle()),
        ("a.pdf", made.pdf_bomb()),
    ],
)
async def test_bombs_and_circles_end(name: str, data: bytes) -> None:
    assert await refusal(data, name, Limits(cpu_seconds=5, memory_bytes=400_000_000))


async def test_a_document_reads_no_file_of_the_machine() -> None:
    try:
        text = (await read_file(made.docx_with(made.OUTSIDE), "a.docx")).text
    except Unreadable:
        return
    assert text.startswith("before")
    assert Path("/etc/hostname").read_text(encoding="utf-8").strip() not in text


# The process that reads


def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    script = tmp_path / "worker.py"
    script.write_text(code, encoding="utf-8")
    monkeypatch.setattr(files, "_WORKER", script)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(1)",
        "import os; os.kill(os.getpid(), 9)",
        "import time; time.sleep(600)",
        "import sys; sys.stdin.close(); import time; time.sleep(600)",
        "while True: pass",
        "print('no json')",
        "while True: print('{' * 10_000)",
    ],
)
async def test_a_process_that_dies_hangs_or_babbles_is_ended(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker(tmp_path, monkeypatch, code)
    with pytest.raises(Unreadable, match="too much time or memory"):
        await read_file(b"x" * 5_000_000, "a.txt", seconds=0.5)


async def test_the_process_knows_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    worker(
        tmp_path,
        monkeypatch,
        "import json, os; print(json.dumps({'text': ' '.join(os.environ), 'more': False}))",
    )
    names = set((await read_file(b"x", "a.txt")).text.split())
    assert names <= {"LC_CTYPE", "LD_LIBRARY_PATH", "SYSTEMROOT"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
async def test_the_process_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "written"
    confined = Path(files.__file__).with_name("worker.py").read_text(encoding="utf-8")
    script = confined.replace(
        "    logging.disable()", f"    open({str(target)!r}, 'w').write('x' * 100_000)"
    )
    assert script != confined
    worker(tmp_path, monkeypatch, script)
    with pytest.raises(Unreadable, match="too much time or memory"):
        await read_file(b"x", "a.txt")
    assert os.path.getsize(target) == 0


async def test_who_is_cancelled_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    worker(tmp_path, monkeypatch, code)
    reading = asyncio.create_task(read_file(b"x", "a.txt"))

    async def begun() -> bool:
        return pid.exists() and bool(pid.read_text(encoding="ascii"))

    await eventually(begun)
    reading.cancel()
    await asyncio.wait({reading})
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="ascii")), 0)


@given(st.binary(max_size=300), st.sampled_from([".pdf", ".docx", ".txt", ""]))
def test_any_bytes_are_read_or_refused(data: bytes, ending: str) -> None:
    begin = {".pdf": b"%PDF-", ".docx": b"PK\x03\x04"}.get(ending, b"")
    for whole in (data, begin + data):
        try:
            text, _more = read(whole, ending, Limits())
        except Unread:
            continue
        assert text.strip()
