"""Where a channel hides personal data, models never see it, and its own posts alone show it."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import HEADLINE, QUESTION, RANKING
from bot.conversation.app import App
from bot.conversation.presses import Press
from bot.conversation.statistics import Statistics
from bot.llm import Request
from bot.pages.exports import export
from bot.records import Case
from bot.redaction import find, placeholders
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
    served,
    set_here,
)
from tests.fakes import databases
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.test_redaction import SECRETS

MAIL, PHONE, KEY = "bob@x.de", "+49 30 12345678", "sk-or-v1-0123456789abcdef0123"
ASKED = f"Is pineapple right? Write to {MAIL} or call {PHONE}."
QUOTED = f"My key is {KEY}."


def parrot(request: Request) -> Scripted:
    """Repeats what it was told, and something of its own."""
    if stage_and_seat(request)[0] == "review":
        return sensible(request)
    told = request.messages[-1].content
    return f"**{' '.join(placeholders(told))}** {told}\n\nAlso ask carol@y.org."


def parrots() -> FakeProvider:
    return FakeProvider(otherwise=parrot)


def sent(provider: FakeProvider) -> str:
    return "\n".join(
        message.content for request in provider.requests for message in request.messages
    )


async def hiding(app: App) -> None:
    await set_here(app, "redact on")


def shown(app: App, id: str) -> dict[str, str]:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return {key: repr(document) for (run, key), document in room.documents.items() if run == id}


async def test_models_get_placeholders_and_the_posts_show_what_was_written() -> None:
    provider = parrots()
    async with running(provider) as app:
        await hiding(app)
        id = await served(app, replace(mention(ASKED), quoted=QUOTED))
        posts = shown(app, id)

    assert find(sent(provider)) == []  # of what members wrote themselves, too
    assert "pineapple" in sent(provider)
    for secret in (MAIL, PHONE, KEY):
        assert secret not in sent(provider)
        assert secret in posts[HEADLINE]
        assert secret in posts["answer:A"]


async def test_nothing_of_it_is_in_exports_transcripts_logs_or_another_channel(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with running(parrots()) as app:
        await hiding(app)
        id = await served(app, replace(mention(ASKED), quoted=QUOTED))
        case = await case_of(app, id)
        exported = repr(await export(app.store, case))
        transcript = await app.archive.transcript(id)
        exported_here = await app.export(CHANNEL, ADMIN)

    for secret in (MAIL, PHONE, KEY):
        for place in (exported, transcript, exported_here, caplog.text, repr(case)):
            assert place
            assert secret not in place


async def test_instructions_and_criteria_are_hidden_too() -> None:
    provider = parrots()
    async with running(provider) as app:
        await hiding(app)
        await set_here(app, f"instructions Point people to {MAIL}.")
        await set_here(app, f"criteria Whether {PHONE} is named.")
        id = await served(app, mention("Whom do I ask?"))
        assert "Point people to EMAIL-" in sent(provider)
        assert MAIL not in sent(provider)
        assert PHONE not in sent(provider)
        assert (await case_of(app, id)).council.redact


async def test_follow_ups_know_the_placeholders_of_their_thread() -> None:
    provider = parrots()
    async with running(provider) as app:
        await hiding(app)
        await served(app, mention(ASKED, thread="t"))
        provider.requests.clear()
        id = await served(app, mention(f"And {MAIL}, what of {KEY}?", thread="t", person=BOB))
        assert find(sent(provider)) == []
        case = await case_of(app, id)
        name = next(word for word in case.question.text.split() if word.startswith("EMAIL-"))
        # The thread's earlier question has it under the same name.
        assert f"Write to {name.strip(',')} or call" in sent(provider)
        assert PHONE in shown(app, id)["answer:A"]


async def test_what_a_thread_said_before_it_hid_anything_is_hidden_from_then_on() -> None:
    provider = parrots()
    async with running(provider) as app:
        await served(app, mention(ASKED, thread="t"))
        assert MAIL in sent(provider)
        provider.requests.clear()
        await hiding(app)
        id = await served(app, mention("And then?", thread="t"))
        assert find(sent(provider)) == []
        assert "Earlier in this thread" in sent(provider)
        assert MAIL in shown(app, id)["answer:A"]


async def test_asked_again_the_question_is_shown_as_it_was_written() -> None:
    provider = parrots()
    async with running(provider) as app:
        await hiding(app)
        first = await served(app, mention(ASKED))
        await pressed(app, first, ANN, "again")
        [again] = [run.id for run in app.running.cases]
        await app.running.finished(again)
        assert MAIL in shown(app, again)[QUESTION]
        assert find(sent(provider)) == []


@pytest.mark.parametrize("expired", [False, True])
async def test_a_question_is_recognised_by_what_was_hidden_in_it(expired: bool) -> None:
    """Not by its placeholders, which are others each time."""
    async with running(parrots()) as app:
        await hiding(app)
        await served(app, mention(ASKED, thread="one"))
        if expired:
            await app.store.expire(app.now().replace(year=2999), app.now())
        await served(app, mention(ASKED, thread="two"))
        other = await served(app, mention(ASKED.replace("bob", "eve"), thread="three"))
        found = {row.id for row in await Statistics(app.store).rows()}
        assert other in found
        assert len(found) == 2


async def test_whoever_reads_a_part_where_it_was_asked_reads_it_as_it_was_posted() -> None:
    async with running(parrots()) as app:
        await hiding(app)
        id = await served(app, mention(f"{MAIL} is right"))

        async def there() -> str:
            return ""

        press = Press(BOB, id, (), sees=lambda case: True, address=there)
        assert MAIL in repr(await app.actions.part(press, "answer:A"))
        await app.store.delivered(id)
        assert await app.voting.react("discord", f"{id}/answer:A", BOB, "👍")
        await app.recounts.turn()
        assert MAIL in shown(app, id)[RANKING]


@pytest.mark.both_databases
async def test_after_forgetting_or_expiry_the_originals_are_nowhere(tmp_path: Path) -> None:
    async with running(parrots(), database=str(tmp_path / "council.db")) as app:
        await hiding(app)
        await served(app, mention(ASKED, person=ANN))
        other = await served(app, mention(ASKED, person=BOB))
        await app.command(CHANNEL, ANN, "forget me")
        assert await app.store.redactions(await case_of(app, other))
        assert databases.holds(tmp_path / "council.db", MAIL.encode())

        app.retention_days, there = 1, app.clock()
        app.clock = lambda: there.replace(year=2999)
        await app.expire()

        found: Case = await case_of(app, other)
        assert await app.store.redactions(found) == {}
        assert not databases.holds(tmp_path / "council.db", MAIL.encode())


async def test_administrators_alone_decide_it_and_it_is_off_by_default() -> None:
    provider = parrots()
    async with running(provider) as app:
        await set_here(app, "changers anyone")
        refused = repr(await app.command(CHANNEL, ANN, "set redact on"))
        assert "dministrator" in refused
        await served(app, mention(ASKED))
        assert MAIL in sent(provider)


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
async def test_no_kind_reaches_any_model(kind: str, secret: str) -> None:
    provider = parrots()
    async with running(provider) as app:
        await hiding(app)
        await served(app, replace(mention(f"Look: {secret} !"), quoted=f"> {secret}"))
    assert secret not in sent(provider)
    assert f"{kind}-" in sent(provider)


async def test_a_question_keeps_nothing_of_a_thread_of_which_it_knows_nothing(
    tmp_path: Path,
) -> None:
    provider = Held("pineapple")
    async with running(provider, database=str(tmp_path / "council.db")) as app:
        await hiding(app)
        stopped = await accepted(app, mention(ASKED, thread="t"))
        await provider.until_asked("pineapple")
        app.running.stop(stopped, "ann")
        await app.running.finished(stopped)
        await served(app, mention("And bananas?", person=BOB, thread="t"))

        await app.command(CHANNEL, ANN, "forget me")

        assert not databases.holds(tmp_path / "council.db", MAIL.encode())
