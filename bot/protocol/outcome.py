"""What came of the calls: texts read as answers, reviews and verdicts, and the whole result.

Pure, and from the journal's rows alone, so that a resumed run reports what the first one measured.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.bills import Bill
from bot.council import (
    PERSON,
    Agreement,
    Answer,
    Call,
    Cost,
    Council,
    Deliberation,
    Evidence,
    Exhibit,
    Finish,
    MemberResult,
    Question,
    Ranking,
    Review,
    Standing,
    Timings,
    Verdict,
)
from bot.language import _
from bot.llm import Ending, ending_of
from bot.modes import REVISES
from bot.protocol import ranking
from bot.protocol.ballots import parse_ranking
from bot.protocol.claims import claims
from bot.protocol.masking import mask_self_naming
from bot.protocol.prompts import CHANGED_MARKER, DISSENT_MARKER, KEPT_MARKER
from bot.texts import SHORTENED_BEGINNING, SHORTENED_EXHIBIT

_FINISHES: dict[Ending, Finish] = {"refused": "filtered", "length": "length", "broken": "broken"}
# Providers name an end of a text's own as they like; a word that is known for nothing is none.
_WHOLE = re.compile(r"^$|stop|eos|end_?turn|complete|finished|done|^null|^none", re.IGNORECASE)


def finish(reason: str) -> Finish:
    """How a text ended by its provider's word; all but `stop` were broken off."""
    whole: Finish = "stop" if _WHOLE.search(reason) else "broken"
    return _FINISHES.get(ending_of(reason), whole)


def answer(question: Question, council: Council, call: Call) -> Answer:
    """The answer in a call that succeeded."""
    text = call.text or ""
    return Answer(
        label=ranking.labels_of(question, council)[call.seat],
        model=call.model,
        text=text,
        seconds=call.seconds,
        prompt_tokens=call.prompt_tokens,
        completion_tokens=call.completion_tokens,
        cost_usd=(call.cost_micros or 0) / 1e6,
        leaks=mask_self_naming(text, council.members)[1],
        seat=call.seat,
        finish_reason=call.finish_reason,
    )


def answers(question: Question, council: Council, calls: Collection[Call]) -> tuple[Answer, ...]:
    """Every answer so far as its member left it, in the order of labels."""
    given = {
        call.seat: answer(question, council, call)
        for call in calls
        if call.stage == "answer" and call.text is not None
    }
    revisions = [call for call in calls if call.stage == "revision" and call.seat in given]
    for call in sorted(revisions, key=lambda call: call.round):
        given[call.seat] = revised(given[call.seat], council, call)
    return tuple(sorted(given.values(), key=lambda answer: answer.label))


def revised(before: Answer, council: Council, call: Call) -> Answer:
    """What an answer is after this revision, with what both took. It stays as it was where the
    revision failed, was broken off, or keeps it."""
    after = replace(
        before,
        seconds=before.seconds + call.seconds,
        prompt_tokens=before.prompt_tokens + call.prompt_tokens,
        completion_tokens=before.completion_tokens + call.completion_tokens,
        cost_usd=before.cost_usd + (call.cost_micros or 0) / 1e6,
    )
    text, _towards = split_change(call.text or "")
    if not text or finish(call.finish_reason) != "stop":
        return after
    leaks = mask_self_naming(text, council.members)[1]
    return replace(after, text=text, leaks=leaks, finish_reason=call.finish_reason)


def split_change(text: str) -> tuple[str, str | None]:
    """A revision without the line that closes it, and the letter that this names: "" for none, `None`
    where it says of no change."""
    body, _, last = text.rstrip().rpartition("\n")
    bare = last.strip(" \t*_`#>-.")
    if bare.upper() == KEPT_MARKER:
        return body.strip(), None
    if not bare.upper().startswith(CHANGED_MARKER):
        return text.strip(), None
    letter = re.sub(r"(?i)\b(?:answer|to|towards)\b", "", bare[len(CHANGED_MARKER) :]).strip(
        " *_`()<>."
    )
    return body.strip(), letter.upper() if len(letter) == 1 else ""


def settled(council: Council, calls: Collection[Call]) -> bool:
    """Whether nobody will change an answer any more: where members may, from the first review on. Nor
    is any that waits to be read until people's are in."""
    may_change = council.mode in REVISES or council.seating is not None
    return not may_change or any(call.stage in {"review", "verdict"} for call in calls)


def broken_off(answers: Collection[Answer]) -> tuple[str, ...]:
    """The labels of answers that are no whole ones."""
    return tuple(each.label for each in answers if finish(each.finish_reason) != "stop")


def review(
    label: str, order: tuple[str, ...], call: Call, *, shown_chars: int | None = None
) -> Review:
    """The review in a call, its ranking read, or what failed."""
    text = call.text or ""
    ballot = parse_ranking(text, order, complete=finish(call.finish_reason) == "stop")
    return Review(
        model=call.model,
        label=label,
        order=order,
        ranking=ballot or (),
        counted=ballot is not None,
        text=text,
        seconds=call.seconds,
        error=str(call.failure) if call.failure else None,
        seat=call.seat,
        shown_chars=shown_chars,
    )


def ballots(reviews: Collection[Review]) -> dict[str, Ranking]:
    """The rankings that count, by their reviewer's label."""
    return {review.label: review.ranking for review in reviews if review.counted}


def not_heard(reviews: Collection[Review]) -> tuple[str, ...]:
    """The labels of reviewers without a ballot that counts: failed, not waited for, no ranking."""
    return tuple(sorted(review.label for review in reviews if not review.counted))


def split_dissent(text: str) -> tuple[str, str | None]:
    """The verdict without its closing `Dissent:` line, and that line's sentence."""
    body, _, last = text.rstrip().rpartition("\n")
    bare = last.strip().lstrip("*_>- ")
    if not body.strip() or not bare.lower().startswith(DISSENT_MARKER.lower()):
        return text.strip(), None
    dissent = bare[len(DISSENT_MARKER) :].strip(" *_")
    nothing = dissent.lower().rstrip(".") in {"", "none", "n/a", "no"}
    return body.strip(), None if nothing else dissent


def outcome(
    question: Question,
    council: Council,
    calls: Sequence[Call],
    *,
    answers: Sequence[Answer],
    reviews: Sequence[Review],
    standings: Sequence[Standing],
    verdict: Verdict,
    requests: int,
    paid: Bill,
    stopped_at: datetime | None,
) -> Deliberation:
    """The finished deliberation. A member of which there is no call was not asked. `requests` and
    `paid` are of everything that was sent, also for calls that were not waited for; `stopped_at` is
    the moment of an early stop."""
    counted = ballots(reviews).values()
    asked = members(question, council, calls)
    seats = {member.seat for member in asked}
    return Deliberation(
        id=question.id,
        question=question.text,
        mode=council.mode,
        seed=question.seed,
        degraded=any(member.error and not member.audition for member in asked),
        members=asked,
        not_asked=tuple(m for seat, m in enumerate(council.members) if seat not in seats),
        answers=tuple(answers),
        reviews=tuple(reviews),
        standings=tuple(standings),
        agreement=Agreement(
            kendall_w=ranking.kendall_w(counted, [answer.label for answer in answers]),
            top_share=ranking.top_share(counted, standings[0].label) if counted else None,
            stopped_early=stopped_at is not None,
            heard=len(counted),
        ),
        verdict=verdict,
        timings=_timings(question, calls, reviews, verdict, stopped_at),
        calls=requests,
        prompt_tokens=paid.prompt_tokens,
        completion_tokens=paid.completion_tokens,
        cost_usd=(paid.cost_micros or 0) / 1e6,
        cost_known=all(call.failure or call.cost_micros is not None for call in calls),
        chairman=council.chairman,
        cost=cost(paid),
        claims=claims(verdict.text, answers, question) if verdict.written_by else (),
        evidence=(
            *(_of_those_asked(each, asked) for each in evidence(question)),
            *_found(calls),
            *(() if question.alone else _unsearched(council, calls)),
        ),
        escalated=bool(question.grows),
    )


def evidence(question: Question) -> tuple[Evidence, ...]:
    """What came along with the question."""
    found = []
    if question.quoted:
        found.append(Evidence("quoted", "message", len(question.quoted), read=True))
    if past := question.past:
        texts = [text for turn in past.turns for text in (turn.question, turn.verdict)]
        read = sum(min(len(text), past.limit or len(text)) for text in texts)
        if past.turns:
            found.append(Evidence("thread", "verdicts", read, read=True))
        if past.said:
            found.append(Evidence("thread", "messages", sum(map(len, past.said)), read=True))
        if past.folded:
            found.append(Evidence("thread", "recap", len(past.recap), read=bool(past.recap)))
    return (*found, *(_evidence(exhibit, question.exhibit_chars) for exhibit in question.exhibits))


def _evidence(exhibit: Exhibit, limit: int | None) -> Evidence:
    chars, why = len(exhibit.text), exhibit.why
    if limit is not None and chars > limit:
        why = _(SHORTENED_BEGINNING if why else SHORTENED_EXHIBIT, n=limit, of=chars)
        chars = limit
    eyes = exhibit.seen_by, exhibit.unseen_by
    read = exhibit.is_read
    return Evidence(exhibit.kind, exhibit.name, chars, read, why, exhibit.earlier, *eyes)


def _of_those_asked(found: Evidence, asked: Sequence[MemberResult]) -> Evidence:
    """Some modes ask only a part of the council."""
    labels = {member.label for member in asked}
    seen_by, unseen_by = (
        tuple(label for label in by if label in labels) for by in (found.seen_by, found.unseen_by)
    )
    return replace(found, seen_by=seen_by, unseen_by=unseen_by)


def _found(calls: Collection[Call]) -> Iterator[Evidence]:
    """What the answers' searches brought up, first what most of them did: of whose it is, the order
    tells nothing."""
    cited = [
        s for call in calls if call.stage == "answer" and call.text for s in call.sources or ()
    ]
    times = Counter(source.url for source in cited)
    for url in sorted(times, key=lambda url: (-times[url], url)):
        chars = max(source.chars for source in cited if source.url == url)
        yield Evidence("search", url, chars, read=True)


def _unsearched(council: Council, calls: Collection[Call]) -> Iterator[Evidence]:
    """That some were to search and could not: how many, and not who, which would narrow down whose
    answers theirs are."""
    asked = [c for c in calls if c.stage == "answer" and c.text and c.model != PERSON]
    unable = sum(1 for call in asked if call.sources is None)
    if not council.searches or not unable:
        return
    why = _(
        "{unable} of {of} members could not search the web, and answered without.",
        unable=unable,
        of=len(asked),
    )
    if unable == len(asked):
        why = _("No member could search the web: all of them answered without.")
    yield Evidence("search", "web", 0, read=False, why=why)


def cost(bill: Bill) -> Cost:
    micros = bill.told_micros, bill.estimated_micros, bill.assumed_micros
    return Cost(*(each / 1e6 for each in micros))


def members(
    question: Question, council: Council, calls: Sequence[Call]
) -> tuple[MemberResult, ...]:
    """Those of whom there is a call."""
    failures = {call.seat: call.failure for call in calls if call.stage == "answer"}
    labels = ranking.labels_of(question, council)
    found = []
    for seat, failure in failures.items():
        found.append(
            MemberResult(
                label=labels[seat],
                model=council.model(seat),
                status="failed" if failure else "answered",
                error=str(failure) if failure else None,
                seat=seat,
                audition=seat == council.audition_seat,
            )
        )
    return tuple(sorted(found, key=lambda member: member.label))


def _timings(
    question: Question,
    calls: Sequence[Call],
    reviews: Sequence[Review],
    verdict: Verdict,
    stopped_at: datetime | None,
) -> Timings:
    ends = [call.finished_at for call in calls if call.stage in {"answer", "revision"}]
    given = [c for c in calls if c.stage == "answer" and c.text is not None]
    # What people wrote is there before anybody is asked: it tells nothing of how long that takes.
    answered = [call.finished_at for call in given if call.model != PERSON]
    if not answered:
        return Timings(None, None, None, None, None)
    seats = {review.seat for review in reviews}
    reviewed = [
        c.finished_at for c in calls if c.stage == "review" and not c.round and c.seat in seats
    ]
    reviews_at = stopped_at or max(reviewed, default=max(ends))
    written = [call for call in calls if call.stage == "verdict"]
    last = max(written, key=lambda call: call.finished_at, default=None)
    # What was written before the reviews were over was seen when they were.
    verdict_at = max(last.finished_at, reviews_at) if last else reviews_at
    first_text_at = last.first_text_at if last and verdict.written_by else None
    seen_at = max(first_text_at, reviews_at) if first_text_at else verdict_at
    moments = (min(answered), max(ends), reviews_at, seen_at, verdict_at)
    return Timings(*(round(question.seconds_until(moment), 3) for moment in moments))
