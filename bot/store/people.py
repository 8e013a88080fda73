"""Answers of people to a question: whose, and as long as nobody has read them, what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from bot.council import PEOPLE_MAX, Answer, Council, Deliberation, Plurality, Version
from bot.language import speaking
from bot.store import spending
from bot.store.copies import Thread
from bot.store.encoding import decode, decode_time, encode
from bot.store.transactions import Do, Statement, Tables, Transaction
from bot.texts import says

Text = TypeVar("Text", Answer, Version)

# Why an answer was not kept: it comes too late, one of the person's is among the others already, there
# are as many as may be, or a budget has no room for what it makes longer.
NotKept = Literal["late", "there", "full", "no_room"]


class People(Tables):
    async def keep_answer(
        self,
        id: str,
        person: str,
        text: str,
        *,
        shares: spending.Shares,
        limits: Mapping[str, int],
    ) -> NotKept | None:
        """Keep what a person answers until it gets a seat, in the place of what they said before, and
        set aside what the run takes with it: these `shares`."""

        def write() -> Transaction[NotKept | None]:
            running = yield Statement(
                "SELECT coalesce(went_on_at, asked_at), council FROM deliberations "
                "WHERE id = ? AND status = 'running' AND expired_at IS NULL",
                (id,),
            )
            if not running:
                return "late"
            council = decode(Council, running[0][1])
            if (yield from _all_are_in(id, council)):
                return "late"
            day = spending.day_of(decode_time(running[0][0]))
            rows = yield Statement("SELECT person, seat FROM people WHERE deliberation = ?", (id,))
            seats: dict[str, int | None] = dict(rows)
            if seats.get(person) is not None:
                return "there"
            # A seat whose answer was taken back is nobody else's: letters would run out.
            taken = council.people + list(seats.values()).count(None)
            if person not in seats and taken >= PEOPLE_MAX:
                return "full"
            if not (yield from spending.raise_shares(id, day, limits, shares)):
                return "no_room"
            yield Do(
                "INSERT INTO people (deliberation, person, answer, number) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (deliberation, person) DO UPDATE SET answer = excluded.answer",
                (id, person, text, len(seats)),
            )
            return None

        return await self._database.write(write)

    async def drop_late_answer(self, id: str, person: str) -> None:
        """Keep nothing of what this person answered where that has no seat and it is over."""
        await self._change(
            "DELETE FROM people WHERE deliberation = ? AND person = ? AND seat IS NULL"
            " AND deliberation IN (SELECT id FROM deliberations WHERE status <> 'running')",
            (id, person),
        )

    async def end_wait(self, id: str, seconds: int) -> None:
        """Have it wait for people no longer than this, counted from the question."""

        def write() -> Transaction[None]:
            for (stored,) in (
                yield Statement("SELECT council FROM deliberations WHERE id = ?", (id,))
            ):
                council = replace(decode(Council, stored), wait=seconds)
                yield Do(
                    "UPDATE deliberations SET council = ? WHERE id = ?",
                    (encode(Council, council), id),
                )

        await self._database.write(write)

    async def unseated(self, id: str) -> Mapping[str, str]:
        """What people answered whose answers have no seat so far, by person, the first first."""
        rows = await self._database.read(
            "SELECT person, answer FROM people WHERE deliberation = ? AND seat IS NULL "
            "ORDER BY number, person",
            (id,),
        )
        return dict(rows)

    async def answered_by(self, person: str) -> set[str]:
        """The deliberations that this person added an answer to."""
        rows = await self._database.read(
            "SELECT deliberation FROM people WHERE person = ?", (person,)
        )
        return {id for (id,) in rows}

    async def people(self, id: str) -> Mapping[str, int | None]:
        """Who answered, and the seat of each, `None` for one that has none so far."""
        rows = await self._database.read(
            "SELECT person, seat FROM people WHERE deliberation = ? ORDER BY number, person", (id,)
        )
        return dict(rows)


def taken_over(id: str, earlier: str) -> Do:
    """For the transaction that stores a case with the answers of an earlier one."""
    return Do(
        "INSERT INTO people (deliberation, person, answer, number, seat) "
        "SELECT ?, person, '', number, seat FROM people WHERE deliberation = ? AND seat IS NOT NULL",
        (id, earlier),
    )


def take_back(person: str) -> Transaction[list[tuple[Thread | None, str]]]:
    """Take out what this person answered to questions, and that they did, in the posts, too. What was
    ranked stays ranked, and nothing is asked again. The texts, each with its thread."""
    taken: list[tuple[Thread | None, str]] = []
    rows = yield Statement(
        "SELECT deliberation, answer, seat FROM people WHERE person = ?", (person,)
    )
    for id, waiting, seat in rows:
        found = yield Statement(
            "SELECT platform, channel, thread, council, result FROM deliberations WHERE id = ?",
            (id,),
        )
        *thread, council, result = found[0]
        place = None if thread[2] is None else (thread[0], thread[1], thread[2])
        texts = [waiting]
        if seat is not None:
            texts += yield from _take_out(id, seat, decode(Council, council), result)
        taken += [(place, text) for text in texts if text]
    yield Do("DELETE FROM people WHERE person = ?", (person,))
    return taken


def _all_are_in(id: str, council: Council) -> Transaction[bool]:
    """Whether each member has answered, or failed to."""
    members = len(council.members)
    rows = yield Statement(
        "SELECT seat FROM calls WHERE deliberation = ? AND stage = 'answer' AND seat < ?",
        (id, members),
    )
    return len(rows) == members


def _take_out(id: str, seat: int, council: Council, result: str | None) -> Transaction[list[str]]:
    """The answer of this seat, of one deliberation; what it said."""
    label = council.seating.labels[council.seats.index(seat)] if council.seating else ""
    this_call = "deliberation = ? AND stage = 'answer' AND seat = ?"
    rows = yield Statement(f"SELECT text FROM calls WHERE {this_call}", (id, seat))
    texts = [text for (text,) in rows]
    yield Do(f"DELETE FROM calls WHERE {this_call}", (id, seat))
    # Requests that are yet to be answered quote it.
    yield Do("UPDATE attempts SET body = NULL WHERE deliberation = ? AND body IS NOT NULL", (id,))
    if result is not None:
        whole = decode(Deliberation, result)
        texts += [answer.text for answer in whole.answers if answer.label == label]
        yield Do(
            "UPDATE deliberations SET result = ? WHERE id = ?",
            (encode(Deliberation, _without(whole, label, council.interface)), id),
        )
    post = (id, f"answer:{label}")
    yield Do(
        "INSERT INTO removals (platform, post_id) SELECT platform, post_id FROM posts "
        "WHERE deliberation = ? AND key = ? AND post_id IS NOT NULL AND deleted = 0 "
        "AND platform IN ('discord', 'slack') ON CONFLICT DO NOTHING",
        post,
    )
    yield Do("UPDATE posts SET deleted = 1 WHERE deliberation = ? AND key = ?", post)
    return texts


def _without(result: Deliberation, label: str, interface: str) -> Deliberation:
    """Its words in no place of their own, the bot's sentence in this language among them. What others
    wrote of it stays."""

    def bare(texts: Sequence[Text]) -> tuple[Text, ...]:
        return tuple(replace(each, text="") if each.label == label else each for each in texts)

    vote, verdict = result.vote, result.verdict
    for side in vote.options if vote else ():
        if side.labels == (label,) and not verdict.written_by:
            with speaking(interface):
                text = verdict.text.replace(says(side), "").strip()
            verdict = replace(verdict, text=text)
    return replace(
        result,
        answers=bare(result.answers),
        rounds=tuple(bare(versions) for versions in result.rounds),
        left_out=tuple(each for each in result.left_out if each.labels != (label,)),
        vote=vote and _uncounted(vote, label),
        verdict=verdict,
    )


def _uncounted(vote: Plurality, label: str) -> Plurality | None:
    """The values without one that this answer alone gave; `None` where that was the only one."""
    options = tuple(side for side in vote.options if side.labels != (label,))
    winner = vote.winner if vote.winner in {side.value for side in options} else None
    return replace(vote, options=options, winner=winner) if options else None
