"""What modes are made of: independent answers and anonymous reviews.

How a verdict is written, `chairman` knows, when it may be begun, `racing`, and what follows it,
`conclusion`. Everything random is drawn from the question's seed, and every call is in the journal,
so running a stage again finds its past there and asks only for what is missing. Knows no platform.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from bot.council import Answer, Review, Standing, by_models
from bot.llm import Message
from bot.protocol import outcome, prompts, ranking, weighing
from bot.protocol.events import AnswerGiven, MemberFailed, ReviewGiven, ReviewsAsked
from bot.protocol.patience import Deadline
from bot.protocol.people import answers_of
from bot.protocol.shortening import reading_limit
from bot.protocol.sitting import Material, Sitting, task_group
from bot.protocol.weighing import weights_of
from bot.store.spending import EARLY_STOP

# The most that one call may write, reasoning included. Enough for a long answer after some thought,
# and for a verdict that repeats it; a review is short whatever was asked. Every call reserves the
# price of this much.
ANSWER_TOKENS, REVIEW_TOKENS, VERDICT_TOKENS = 6_000, 4_000, 6_000


async def gather_answers(
    sitting: Sitting,
    seats: Sequence[int] | None = None,
    *,
    enough: int = 2,
    given: Sequence[Answer] = (),
) -> tuple[Answer, ...]:
    """Stage 1: every member answers on its own, or those of these seats. Those that did, those `given`
    before, and what people answered, in the order of their labels.

    After the stage's deadline so many answers of members are enough; who is missing then has timed
    out.
    """
    seats = range(len(sitting.council.members)) if seats is None else seats
    patience = sitting.caller.patience
    answers: list[Answer] = []
    for each in answers_of(sitting):
        sitting.emit(AnswerGiven(each))

    async def ask(seat: int, deadline: Deadline) -> None:
        fence = sitting.fence("answer", seat)
        prompt = prompts.answer_prompt(sitting.question, sitting.council, fence=fence)
        call = await sitting.ask("answer", seat, prompt, tokens=ANSWER_TOKENS, deadline=deadline)
        label = sitting.labels[seat]
        if call.failure:
            sitting.emit(MemberFailed(label, seat, call.failure))
            return
        answers.append(outcome.answer(sitting.question, sitting.council, call))
        sitting.emit(AnswerGiven(answers[-1]))

    async with task_group() as group:
        deadlines = {seat: sitting.deadline() for seat in seats}
        pending = {group.create_task(ask(*each)) for each in deadlines.items()}
        if pending:
            _, pending = await asyncio.wait(pending, timeout=patience.answers)
        while pending and len(answers) < enough:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for deadline in deadlines.values():
            deadline.give_up()
    async with sitting.door:
        sitting.open = False
    everybodys = (*by_models(given), *answers, *answers_of(sitting))
    return tuple(sorted(everybodys, key=lambda answer: answer.label))


async def gather_reviews(
    sitting: Sitting,
    answers: Sequence[Answer],
    *,
    heard: Callable[[tuple[Review, ...]], Awaitable[None]],
) -> tuple[Review, ...]:
    """Stage 2: the members that answered judge all answers, each in an order of its own.

    One review for each reviewer, in the order of labels. Once the first place is decided the rest
    are not waited for; the journal names the ballots that decided. After the stage's deadline one
    ballot is enough. While reviews are yet to come, `heard` is told those that are in, in the form
    in which all are returned.
    """
    seed = sitting.question.seed
    answered = [answer.label for answer in answers]
    reviewers = ranking.reviewers_of(sitting.question, sitting.council, answered)
    orders = ranking.presentation(seed, answered, reviewers)
    patience = sitting.caller.patience
    reviews: dict[str, Review] = {}
    sitting.emit(ReviewsAsked(reviewers))

    async def ask(label: str, deadline: Deadline) -> None:
        reviews[label] = await ask_for_review(
            sitting, label, orders[label], answers, deadline=deadline
        )
        sitting.emit(ReviewGiven(reviews[label]))

    def so_far(counted: Collection[str]) -> tuple[Review, ...]:
        return tuple(
            reviews[label]
            if label in counted and label in reviews
            else _unread(sitting, label, orders[label])
            for label in sorted(reviewers)
        )

    decided = _stopped_ballots(sitting)
    # What an earlier run finished is read before anything is asked: it may be enough.
    for label in decided or reviewers:
        if sitting.journal.finished("review", 0, sitting.seat(label)):
            await ask(label, sitting.deadline())
    left_to_ask = [label for label in decided or reviewers if label not in reviews]
    if left_to_ask and _may_stop(sitting, reviews, orders):
        decided, left_to_ask = await _journal_stop(sitting, reviews), []
    async with task_group() as group:
        deadlines = {label: sitting.deadline() for label in left_to_ask}
        pending = {group.create_task(ask(*each)) for each in deadlines.items()}
        ends_at = asyncio.get_running_loop().time() + patience.reviews
        while pending and not decided:
            await heard(so_far(reviewers))
            left = max(ends_at - asyncio.get_running_loop().time(), 0)
            done, pending = await asyncio.wait(
                pending,
                timeout=left if outcome.ballots(reviews.values()) else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not done:
                for deadline in deadlines.values():
                    deadline.give_up()
                break
            if pending and _may_stop(sitting, reviews, orders):
                decided = await _journal_stop(sitting, reviews)
                for task in pending:
                    task.cancel()
    # A review that came in while the others were being stopped decided nothing.
    return so_far(decided or reviewers)


async def ask_for_review(
    sitting: Sitting,
    label: str,
    order: tuple[str, ...],
    answers: Sequence[Answer],
    *,
    deadline: Deadline,
    round: int = 0,
) -> Review:
    """What the reviewer of this label makes of the answers, read in this order."""
    seat = sitting.seat(label)
    texts = dict(sitting.shown(answers))
    limit = reading_limit(list(texts.values()))

    def prompt(limit: int | None) -> tuple[Message, ...]:
        return prompts.review_prompt(
            sitting.question,
            sitting.council,
            [(each, texts[each]) for each in order],
            fence=sitting.fence("review", seat),
            broken_off=outcome.broken_off(answers),
            limit=limit,
        )

    call = await sitting.ask_about(
        "review",
        seat,
        Material(tuple(texts.values()), prompt, limit),
        tokens=REVIEW_TOKENS,
        deadline=deadline,
        round=round,
    )
    shown_chars = sitting.shown_chars("review", seat, limit, round=round)
    return outcome.review(label, order, call, shown_chars=shown_chars)


def rank(
    sitting: Sitting, answers: Sequence[Answer], reviews: Sequence[Review]
) -> tuple[Standing, ...]:
    """Add the counted ballots up, best first."""
    answered = [(answer.label, answer.model) for answer in answers]
    weights = weights_of(sitting.question, sitting.council)
    return weighing.standings(outcome.ballots(reviews), answered, sitting.question.seed, weights)


def _unread(sitting: Sitting, label: str, order: tuple[str, ...]) -> Review:
    """A reviewer that was not waited for."""
    seat = sitting.seat(label)
    model = sitting.council.model(seat)
    return Review(model, label, order, (), False, "", 0.0, None, seat)


def _may_stop(
    sitting: Sitting, reviews: Mapping[str, Review], orders: Mapping[str, tuple[str, ...]]
) -> bool:
    """A seeded tenth of all deliberations hears everybody: statistics about reviewers use those."""
    if ranking.never_stops_early(sitting.question.seed):
        return False
    ballots = outcome.ballots(reviews.values())
    shown = next(iter(orders.values()))
    missing = [label for label in orders if label not in reviews]
    if weights := weights_of(sitting.question, sitting.council):
        return weighing.decided(ballots, shown, weights, missing=missing) is not None
    counted, to_come = ballots.values(), len(missing)
    return ranking.decided(counted, shown, reviewers=len(orders), to_come=to_come) is not None


async def _journal_stop(sitting: Sitting, reviews: Collection[str]) -> tuple[str, ...]:
    """The reviews that are in decide, by their labels, and no other."""
    ballots = tuple(sorted(reviews))
    value = {"ballots": ballots, "at": sitting.caller.now().isoformat()}
    await sitting.journal.decide(EARLY_STOP, json.dumps(value))
    return ballots


def _stopped_ballots(sitting: Sitting) -> tuple[str, ...]:
    """The reviews that decided an early stop before, in an earlier run of this deliberation."""
    decision = sitting.journal.decision(EARLY_STOP)
    return tuple(json.loads(decision)["ballots"]) if decision else ()
