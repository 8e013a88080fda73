"""What is forgotten is gone from every table and from the file; a backup is whole and private."""

import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.council import Call, Council, Question
from bot.errors import StoreFailed
from bot.records import Case, Reaction
from bot.store.erasing import TO_ERASE
from bot.store.journal import Asked
from bot.store.server import Server
from bot.store.store import Store
from bot.store.transactions import change
from tests.fakes.channel import finished_case

AT = datetime(2026, 11, 24, tzinfo=UTC)
CALL = Call("answer", 0, 0, "lab/a", AT, AT, AT, "text", None, "stop", 1, 1, 1)
COUNCIL = Council(("lab/a",), "lab/a")


def case(id: str, *, channel: str, asker: str, text: str) -> Case:
    question = Question(id=id, text=text, seed=1, asked_at=AT)
    return Case(question=question, council=COUNCIL, platform="slack", channel=channel, asker=asker)


def liked(id: str, person: str) -> Reaction:
    return Reaction(id, "A", person, "accept", AT, blind=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "council.db"


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="tests")
    await store.create(case("q1", channel="C1", asker="ann", text="pineapple on pizza?"))
    await store.create(case("q2", channel="C2", asker="bob", text="tabs or spaces?"))
    await store.react(liked("q1", "bob"))
    await store.react(liked("q2", "ann"))
    yield store
    await store.close()


async def test_a_person_is_forgotten_with_questions_and_votes(store: Store) -> None:
    assert await store.forget_person("ann") == 1

    assert await store.case("q1") is None
    assert await store.reactions("q1") == ()
    assert await store.reactions("q2") == ()
    assert await store.case("q2") is not None


async def test_a_channel_is_forgotten_with_its_settings(store: Store) -> None:
    await store.save_settings(
        "slack",
        "T",
        "C1",
        seen_version=0,
        values={"mode": "council"},
        person="ann",
        at=AT,
        what="x",
    )

    assert await store.forget_channel("slack", "C1") == 1

    assert await store.case("q1") is None
    assert (await store.settings("slack", "T", "C1")).version == 0
    assert await store.reactions("q2") == (liked("q2", "ann"),)


async def test_the_channel_of_another_platform_stays(store: Store) -> None:
    assert await store.forget_channel("discord", "C1") == 0
    assert await store.case("q1") is not None


async def test_a_forgotten_text_is_in_no_file(store: Store, path: Path) -> None:
    journal = await store.begin("q1")
    await journal.decide("note", "pineapple again")

    await store.forget_deliberation("q1")

    left = b"".join(file.read_bytes() for file in path.parent.glob("council.db*"))
    assert b"pineapple" not in left
    assert b"tabs or spaces" in left


async def test_the_copies_that_follow_ups_took_are_forgotten_too(store: Store, path: Path) -> None:
    asked = case("asked", channel="C3", asker="ann", text="pineapple on pizza?")
    result = finished_case(1, text="An answer about pineapple.").result
    assert result
    verdict = replace(result.verdict, text="**Yes, pineapple.**")
    await store.create(
        replace(
            asked,
            thread="t",
            status="finished",
            result=replace(result, question=asked.question.text, verdict=verdict),
        )
    )
    copies = {
        "by id": ('"asked"', ""),
        "as written by an earlier version": (
            json.dumps(["pineapple on pizza?", "**Yes, pineapple.**"]),
            "",
        ),
        "quoting the verdict": ("null", "Yes,  **Yes, pineapple.**  it said"),
        "quoting a part of an answer": ("null", "answer about\npineapple"),
    }
    for name, (earlier, quoted) in copies.items():
        follow_up = case(name, channel="C3", asker="bob", text="And why?")
        question = replace(follow_up.question, quoted=quoted)
        await store.create(replace(follow_up, thread="t", question=question))
        journal = await store.begin(name)
        await journal.decide("earlier", earlier)
        await journal.attempt_started(
            *("answer", 0, 0),
            model="lab/a",
            at=AT,
            reserved_micros=0,
            asked=Asked(body=b"You know: pineapple on pizza?"),
        )

    await store.forget_person("ann")

    # Their own texts may repeat what they were told.
    assert await store.case("by id") is None
    assert await store.case("as written by an earlier version") is None
    for name in ("quoting the verdict", "quoting a part of an answer"):
        left = await store.case(name)
        assert left
        assert (left.question.text, left.question.quoted) == ("And why?", "")
        assert (await store.begin(name)).stored_body("answer", 0, 0) is None
    assert b"pineapple" not in everything(path)


LONG = "The **pineapple** goes well with ham, and `olives`\n- go with *neither* of the two at all."


@pytest.mark.parametrize(
    ("place", "quoted"),
    [
        ("another thread", LONG),
        ("a channel", LONG),
        ("another channel", f"Council\n\nVerdict\n\n{LONG}"),
        ("another channel", "The pineapple goes well with ham, and olives • go with"),
        ("another channel", "Verdict: the *pineapple* goes well with ham, and olives"),
        ("another channel", "Look: pineapple on pizza?"),
        ("the thread", "pineapple"),
    ],
)
async def test_what_was_quoted_elsewhere_is_forgotten_too(
    store: Store, path: Path, place: str, quoted: str
) -> None:
    asked = case("asked", channel="C3", asker="ann", text="Pineapple on pizza?")
    result = finished_case(1, text="Yes.").result
    assert result
    result = replace(result, verdict=replace(result.verdict, text=LONG))
    await store.create(replace(asked, thread="t", status="finished", result=result))
    channel = "C4" if place == "another channel" else "C3"
    thread = {"a channel": None, "the thread": "t"}.get(place, "t2")
    for id, words in (("copy", quoted), ("other", "Ham goes well with olives and cheese.")):
        follow_up = case(id, channel=channel, asker="bob", text="And why?")
        question = replace(follow_up.question, quoted=words)
        await store.create(replace(follow_up, thread=thread, question=question))

    await store.forget_person("ann")

    copy, other = await store.case("copy"), await store.case("other")
    assert copy
    assert other
    assert copy.question.quoted == ""
    assert other.question.quoted != ""
    assert b"pineapple" not in everything(path).lower()


async def test_no_trace_is_left_in_any_page(store: Store, path: Path) -> None:
    """Rows of many sizes move between pages as others come and grow, and leave copies there."""
    random = Random(1)
    for n in range(200):
        asker, word = ("eve", "mangosteen") if n % 3 == 0 else ("bob", "spaces")
        id = f"{word}-{n}"
        text = word + "y" * random.choice([10, 50, 200, 800, 3_000, 20_000])
        asked = case(id, channel="C4", asker=asker, text=text)
        await store.create(replace(asked, mention=f"{word} {n}", thread=f"{n} {word}"))
        journal = await store.begin(id)
        await journal.finish_call(replace(CALL, text=word * random.choice([5, 50, 2_000])))
        for decision in range(4):
            await journal.decide(str(decision), f"{word} " * random.choice([5, 50, 500]))
        await store.claim_post(id, "slack", "headline", 0)
        await store.confirm_post(id, "headline", 0, str(n), word * random.choice([1, 50, 2_000]))

    await store.forget_person("eve")

    assert b"mangosteen" not in everything(path)
    assert await store.case("spaces-1")


@pytest.mark.parametrize("ends", ["sweep", "restart"])
async def test_what_a_reader_keeps_from_being_erased_is_erased_later(
    store: Store, path: Path, ends: str
) -> None:
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM deliberations").fetchall()

    await store.forget_person("ann")
    assert not await store.erase()
    assert b"pineapple" in everything(path)
    await store.create(case("q3", channel="C1", asker="bob", text="Does it go on?"))

    reader.close()
    if ends == "sweep":
        assert await store.erase()
    else:
        await store.close()
        await (await Store.open(path, holder="tests")).close()
    assert b"pineapple" not in everything(path)


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_a_backup_is_whole_and_its_owners_alone(store: Store, path: Path) -> None:
    target = path.with_name("copy.db")

    await store.backup(target)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = await Store.open(target, read_only=True)
    found = await copy.case("q1")
    await copy.close()
    assert found is not None
    assert found == replace(found, channel="C1")


async def test_a_backup_never_overwrites_a_file(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")

    with pytest.raises(StoreFailed, match="exists already"):
        await store.backup(target)

    assert target.read_text() == "mine"


async def test_a_backup_without_a_folder_speaks_of_its_own_file(
    store: Store, tmp_path: Path
) -> None:
    target = tmp_path / "nowhere" / "copy.db"
    with pytest.raises(StoreFailed) as failed:
        await store.backup(target)
    assert str(failed.value) == (
        f"There is no folder {target.parent}. Make it, or name a file elsewhere."
    )


async def test_a_folder_in_the_place_of_a_backup_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"is a folder\. Name a new file in it\."):
        await store.backup(tmp_path)


async def test_a_backup_that_fails_leaves_no_file_behind(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    await store.close()
    with pytest.raises(StoreFailed):
        await store.backup(target)
    assert not target.exists()


async def test_a_backup_is_made_beside_whoever_writes(store: Store, path: Path) -> None:
    reader = await Store.open(path, read_only=True)
    try:
        await reader.backup(path.with_name("copy.db"))
    finally:
        await reader.close()

    assert path.with_name("copy.db").stat().st_size > 0


async def test_follow_ups_of_follow_ups_go_too_and_no_other_question_of_the_thread(
    store: Store,
) -> None:
    for id, earlier in (("f1", '"q1"'), ("f2", '"f1"'), ("own", "null")):
        await store.create(replace(case(id, channel="C1", asker="bob", text=id), thread="t"))
        await (await store.begin(id)).decide("earlier", earlier)

    places = await store.asked_as("q1")

    assert {place.id for place in places} == {"q1", "f1", "f2"}
    assert await store.forget_deliberation("q1") == 3
    assert await store.case("own")


async def test_a_thread_is_forgotten_and_its_posts_are_noted(store: Store) -> None:
    for id, thread in (("t1", "t"), ("t2", "t"), ("t3", "u")):
        await store.create(replace(case(id, channel="C1", asker="bob", text=id), thread=thread))
        for key in ("headline", "answer:A"):
            await store.claim_post(id, "slack", key, 0)
            await store.confirm_post(id, key, 0, f"C1/{id}.{key}", None)
    await store.mark_deleted("slack", "C1/t2.headline")

    assert await store.forget_thread("slack", "C1", "t") == 2

    assert await store.case("t3")
    due = await store.removals("slack", AT, 10)
    assert set(due) == {"C1/t1.headline", "C1/t1.answer:A", "C1/t2.answer:A"}
    assert await store.posts_to_remove() == 3


async def test_what_commands_asked_since_a_time_is_forgotten(store: Store) -> None:
    asked = case("old", channel="", asker="", text="old")
    for id, days in (("old", 0), ("new", 2)):
        question = replace(asked.question, id=id, asked_at=AT + timedelta(days=days))
        await store.create(Case(question, COUNCIL, "cli"))

    assert await store.forget_by_command(AT + timedelta(days=1)) == 1

    assert await store.case("old")
    assert await store.case("q1")


async def test_a_post_that_stays_is_put_off_and_given_up_after_a_time(store: Store) -> None:
    await store.claim_post("q1", "slack", "headline", 0)
    await store.confirm_post("q1", "headline", 0, "C1/1.0", None)
    await store.forget_deliberation("q1")
    now = datetime.now(UTC)
    later, never = now + timedelta(hours=1), now + timedelta(days=8)

    assert await store.put_off("slack", "C1/1.0", later, now - timedelta(days=7))
    assert await store.removals("slack", now, 10) == ()
    assert await store.removals("slack", later, 10) == ("C1/1.0",)
    assert not await store.put_off("slack", "C1/1.0", never, never)
    assert await store.posts_to_remove() == 0


async def test_what_a_person_spent_is_forgotten_but_for_the_day_that_a_limit_counts(
    store: Store, path: Path
) -> None:
    today = datetime.now(UTC).date().isoformat()
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO spending (day, scope, spent_micros) VALUES (?, 'person:slack:ann', 5)",
            [("2026-01-01",), (today,)],
        )

    await store.forget_person("ann")

    with sqlite3.connect(path) as connection:
        left = connection.execute("SELECT day FROM spending WHERE scope LIKE 'person:%'")
        assert left.fetchall() == [(today,)]


async def test_what_another_deletes_meanwhile_is_not_taken_for_erased(store: Store) -> None:
    database = store._database
    rewrite = database.rewrite

    async def rewritten_too_early() -> None:
        await rewrite()
        await database.write(lambda: change(*TO_ERASE))

    database.rewrite = rewritten_too_early  # type: ignore[method-assign] # as another process may do
    await store.forget_deliberation("q1")
    assert not await store.erase()
    database.rewrite = rewrite  # type: ignore[method-assign] # from now on it is alone
    assert await store.erase()
    assert not await store.note("erasing")
