"""Stage 3: the chairman writes; where it cannot, or the next seat in the standings was done before
it, that one; where nobody can, the top-ranked answer is the verdict.

Knows what a verdict rests on, and not when it may be begun: that is `racing`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.council import PERSON, Answer, Call, Review, Side, Standing, Verdict, by_models
from bot.llm import Message
from bot.models.thoughts import shown_so_far
from bot.protocol import outcome, prompts
from bot.protocol.claims import credited
from bot.protocol.events import Event
from bot.protocol.listening import OnText
from bot.protocol.patience import Deadline
from bot.protocol.shortening import CRITIQUE_CHARS, shortened
from bot.protocol.sitting import Material, Sitting, task_group
from bot.protocol.stages import VERDICT_TOKENS, rank
from bot.protocol.succession import Succession, overtaken
from bot.texts import unbroken


@dataclass(frozen=True, slots=True)
class Basis:
    """What a verdict rests on: the reviews that its author reads, those not in among them, and how
    they add up. One that is begun again, on more of them, is a round of its own. `tie` are values
    between which it decides, `before` is the verdict that it is written anew in the place of, "" for
    none."""

    reviews: tuple[Review, ...]
    standings: tuple[Standing, ...]
    round: int = 0
    tie: tuple[Side, ...] = ()
    before: str = ""


async def first_verdict(
    sitting: Sitting, answers: Sequence[Answer], basis: Basis, emit: Callable[[Event], None]
) -> Call | None:
    """The first verdict to be complete; `None` where no seat can write one. One that an earlier run
    of this deliberation got is taken, and nobody else is asked."""
    council, caller = sitting.council, sitting.caller
    others = [sitting.seat(each.label) for each in basis.standings if each.model != PERSON]
    seats = (council.chairman_seat, *others)
    written = {seat: sitting.journal.finished("verdict", basis.round, seat) for seat in seats}
    known = {seat: call for seat, call in written.items() if call}
    if any(call.failure is None for call in known.values()):
        seats = tuple(known)

    async def write(seat: int, on_text: OnText) -> Call:
        return await sitting.ask_about(
            "verdict",
            seat,
            _material(sitting, answers, basis, seat),
            tokens=VERDICT_TOKENS,
            deadline=Deadline(caller.patience.longest),
            round=basis.round,
            on_text=on_text,
        )

    def body(text: str) -> str:
        shown, _ = outcome.split_dissent(shown_so_far(text))
        return credited(shown, answers, sitting.question)

    succession = Succession(
        seats,
        write=write,
        alone_seconds=lambda seat: caller.chairman_seconds(council.model(seat), council.effort),
        body=body,
        emit=emit,
    )
    async with task_group() as group:
        return await succession.first(group)


def verdict(
    sitting: Sitting, answers: Sequence[Answer], basis: Basis, call: Call | None
) -> Verdict:
    """What came of the call, or without one the top-ranked answer: of a member, since what people
    wrote is theirs to take back."""
    chairman = sitting.council.chairman_seat
    asked = sitting.journal.finished("verdict", basis.round, chairman)
    chairman_error = (asked and asked.failure) or overtaken()
    ballots = len(outcome.ballots(basis.reviews))
    if call:
        text, dissent = outcome.split_dissent(call.text or "")
        return Verdict(
            text=credited(text, answers, sitting.question),
            written_by=call.model,
            fallback=None if call.seat == chairman else "next_member",
            chairman_error=None if call.seat == chairman else chairman_error,
            dissent=dissent and credited(dissent, answers, sitting.question),
            seat=call.seat,
            finish_reason=call.finish_reason,
            shown_chars=sitting.shown_chars("verdict", call.seat, round=basis.round),
            ballots=ballots,
            restart_usd=_restart_usd(sitting, basis),
        )
    by_label = {answer.label: answer for answer in by_models(answers) or answers}
    top = next(by_label[each.label] for each in basis.standings if each.label in by_label)
    return Verdict(
        text=top.text,
        written_by=None,
        fallback="top_answer",
        chairman_error=chairman_error,
        dissent=None,
        seat=top.seat,
        finish_reason=top.finish_reason,
        ballots=ballots,
        restart_usd=_restart_usd(sitting, basis),
    )


async def break_tie(sitting: Sitting, answers: Sequence[Answer], tie: Sequence[Side]) -> Verdict:
    """The chairman decides between values that as many answers give; where it cannot, one of those
    who gave them, in an order drawn by lot. Where nobody can, the tie is all there is."""
    labels = {label for held in tie for label in held.labels}
    standings = rank(sitting, [answer for answer in answers if answer.label in labels], ())
    basis = Basis((), standings, tie=tuple(tie))
    call = await first_verdict(sitting, answers, basis, sitting.emit)
    written = verdict(sitting, answers, basis, call)
    if call:
        return written
    return Verdict(unbroken(tie), None, None, written.chairman_error, None, None, ballots=0)


def _material(sitting: Sitting, answers: Sequence[Answer], basis: Basis, seat: int) -> Material:
    """What a seat is shown to write the verdict of."""
    council = sitting.council
    shown = sitting.shown(answers)
    longest = CRITIQUE_CHARS * len(answers)
    critiques = [
        (review.label, shortened(sitting.unnamed(review.text), longest))
        for review in basis.reviews
        if review.text
    ]
    names = {a.label: a.model for a in answers} if council.chairman_sees_names else None

    def prompt(limit: int | None) -> tuple[Message, ...]:
        return prompts.verdict_prompt(
            sitting.question,
            council,
            shown,
            critiques,
            basis.standings,
            names,
            not_heard=outcome.not_heard(basis.reviews),
            broken_off=outcome.broken_off(answers),
            tie=basis.tie,
            before=sitting.unnamed(basis.before),
            fence=sitting.fence("verdict", seat),
            limit=limit,
        )

    texts = (text for _, text in (*shown, *critiques))
    return Material((*texts, *filter(None, [basis.before])), prompt)


def _restart_usd(sitting: Sitting, basis: Basis) -> float | None:
    """What was written in vain before the verdict was begun again; `None` where it was not."""
    if not basis.round:
        return None
    seats = range(len(sitting.council.members) + 1)
    paid = [sitting.journal.paid("verdict", 0, seat) for seat in seats]
    return sum(bill.cost_micros or 0 for bill in paid) / 1e6
