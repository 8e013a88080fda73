"""Erasing the texts of old deliberations: what people asked and models wrote, and every copy of it
that was kept to go on after a crash. Numbers, votes and posts' ids stay, and what statistics need.

Whatever goes wrong, "expired": texts that are too old are in no file.
"""

from dataclasses import replace
from datetime import datetime
from typing import cast

from bot.council import (
    Answer,
    Council,
    Deliberation,
    Failure,
    MemberResult,
    Plurality,
    Question,
    Redo,
    Review,
)
from bot.errors import Kind
from bot.records import Remains, remains_of
from bot.store import spending
from bot.store.cases import COLUMNS, case_of
from bot.store.encoding import encode, encode_time
from bot.store.erasing import TO_ERASE, Erasing
from bot.store.events import secret
from bot.store.journal import erase_said
from bot.store.recaps import erase_recaps_of
from bot.store.reflections import book_readers
from bot.store.transactions import Do, Statement, Transaction
from bot.store.work import nothing_left

# In one write, between which others get their turn.
_BATCH = 50

# Set in a database from before texts were erased (schema/0008), whose owner has not said for how
# long they are to be kept.
_KEPT = "keep"

_ERASED = (
    "UPDATE calls SET text = '' WHERE deliberation = ? AND text IS NOT NULL",
    "UPDATE calls SET sources = NULL WHERE deliberation = ? AND sources IS NOT NULL",
    "UPDATE calls SET failure_message = '' WHERE deliberation = ? AND failure_message IS NOT NULL",
    "UPDATE attempts SET body = NULL WHERE deliberation = ? AND body IS NOT NULL",
    "UPDATE attempts SET failure_message = '' WHERE deliberation = ? AND failure_message IS NOT NULL",
    "DELETE FROM redactions WHERE deliberation = ?",
    "DELETE FROM exhibits WHERE deliberation = ?",
    "DELETE FROM people WHERE deliberation = ? AND seat IS NULL",
    # Earlier versions copied the question and verdict that a follow-up builds on.
    "UPDATE decisions SET value = 'null' WHERE deliberation = ? AND name = 'earlier'"
    " AND value LIKE '[%'",
)


class Retention(Erasing):
    async def keeps_by_default(self) -> bool:
        """Whether this database is older than the erasing of texts."""
        rows = await self._database.read("SELECT value FROM notes WHERE key = 'retention'")
        return rows == [(_KEPT,)]

    async def expire(self, before: datetime, at: datetime) -> int:
        """Erase the texts of what was asked before then. How many deliberations that were.

        One that is still unfinished is over with that: what it would go on from is gone.
        """
        expired = 0
        while count := await self._database.write(lambda: _expire(before, at)):
            expired += count
        if expired:
            await self.erase()
        return expired


def _expire(before: datetime, at: datetime) -> Transaction[int]:
    key = yield from secret()
    rows = yield Statement(
        f"SELECT {COLUMNS} FROM deliberations WHERE expired_at IS NULL AND (asked_at < ?"
        " OR takes_up IN (SELECT id FROM deliberations WHERE expired_at IS NOT NULL)) LIMIT ?",
        (encode_time(before), _BATCH),
    )
    cases = [case_of(row) for row in rows]
    yield from book_readers([case.id for case in cases])
    yield from spending.book_those({case.id for case in cases})
    for case in cases:
        remains = encode(Remains, remains_of(case, key)) if case.result else None
        yield Do(
            "UPDATE deliberations SET question = ?, council = ?, result = ?, remains = ?,"
            " expired_at = ?, delivered = 1, token = token + 1,"
            " status = CASE status WHEN 'running' THEN 'stopped' ELSE status END WHERE id = ?",
            (
                encode(Question, _bare_question(case.question)),
                encode(Council, replace(case.council, criteria="", instructions="")),
                encode(Deliberation, _bare(case.result)) if case.result else None,
                remains,
                encode_time(at),
                case.id,
            ),
        )
        yield from spending.give_up_checks(case.id)
        for sql in _ERASED:
            yield Do(sql, (case.id,))
        yield from erase_said(case.id)
        yield from erase_recaps_of(case.id)
        yield from nothing_left(case.id)
    if rows:
        yield TO_ERASE
    return len(rows)


def _bare_question(question: Question) -> Question:
    return replace(
        question,
        text="",
        quoted="",
        unread=(),
        past=None,
        redo=_bare_redo(question.redo),
        files=(),
    )


def _bare_redo(redo: Redo | None) -> Redo | None:
    return redo and replace(redo, guidance="")


def _bare(result: Deliberation) -> Deliberation:
    verdict = result.verdict
    error = verdict.chairman_error
    return replace(
        result,
        question="",
        members=tuple(map(_bare_member, result.members)),
        answers=tuple(map(_bare_answer, result.answers)),
        reviews=tuple(map(_bare_review, result.reviews)),
        verdict=replace(
            verdict, text="", dissent=None, chairman_error=error and replace(error, message="")
        ),
        vote=result.vote and _bare_vote(result.vote),
        rounds=(),
        claims=(),
        left_out=(),
        unsupported=(),
        evidence=(),
        redo=_bare_redo(result.redo),
    )


def _bare_vote(vote: Plurality) -> Plurality:
    """A value may be any short text. Whose were alike stays."""
    options = tuple(replace(option, value="") for option in vote.options)
    return replace(vote, options=options, winner=None)


def _bare_member(member: MemberResult) -> MemberResult:
    return replace(member, error=_bare_error(member.error))


def _bare_answer(answer: Answer) -> Answer:
    return replace(answer, text="")


def _bare_review(review: Review) -> Review:
    return replace(review, text="", error=_bare_error(review.error))


def _bare_error(error: str | None) -> str | None:
    """The kind alone: what follows it may repeat what was asked."""
    return error and str(Failure(cast(Kind, error.partition(":")[0]), ""))
