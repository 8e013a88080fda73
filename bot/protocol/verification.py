"""Whether the verdict is better than the best answer: a second review, in which it stands among the
answers under a letter like theirs.

Reviewers are those of the first, which knew no verdict. Every letter is dealt anew, and what tells a
verdict from an answer at sight is taken out of it. What comes of it counts neither in the standings
of the answers nor in what is known of the reviewers.
"""

import re
from collections.abc import Sequence

from bot.council import Answer, Call, Ranking, Standing, Verdict, Verification
from bot.llm import Message
from bot.protocol import outcome, prompts, ranking
from bot.protocol.ballots import parse_ranking
from bot.protocol.claims import offers_letters, unmarked
from bot.protocol.patience import Deadline
from bot.protocol.ranking import SAME_SCORE
from bot.protocol.shortening import reading_limit
from bot.protocol.sitting import Material, Sitting, task_group
from bot.protocol.stages import REVIEW_TOKENS

ROUND = 1

_BOLD_BEGINNING = re.compile(r"\A\s*(\*\*|__)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_MENTION = re.compile(r"\b[Aa]nswers? [A-Z]\b(?:(?:,? (?:and|or) |, )(?:[Aa]nswer )?[A-Z]\b)*")


def can_be_verified(standings: Sequence[Standing], verdict: Verdict) -> bool:
    """A verdict that somebody wrote, where there is a best answer."""
    return verdict.written_by is not None and bool(standings) and standings[0].ballots > 0


async def verify(
    sitting: Sitting, answers: Sequence[Answer], standings: Sequence[Standing], verdict: Verdict
) -> Verification:
    """How the reviewers place it. Without any ballot it is not verified."""
    seed = sitting.question.seed
    answered = [answer.label for answer in answers]
    dealt = ranking.draw(seed, "verification").getrandbits(48)
    *letters, own = ranking.labels(dealt, len(answers) + 1)
    letter_of = dict(zip(answered, letters, strict=True))
    texts = {letter_of[label]: text for label, text in sitting.shown(answers)}
    texts[own] = sitting.unnamed(_as_an_answer(sitting, answered, verdict.text))
    reviewers = ranking.reviewers_of(sitting.question, sitting.council, answered)
    orders = ranking.presentation(dealt, texts.keys(), reviewers)
    broken_off = [letter_of[label] for label in outcome.broken_off(answers)]
    best = standings[0].label

    async def ballot(reviewer: str) -> Ranking | None:
        order = orders[reviewer]
        shown = [(letter, texts[letter]) for letter in order]
        call = await _review(sitting, sitting.seat(reviewer), shown, broken_off)
        is_whole = outcome.finish(call.finish_reason) == "stop"
        return parse_ranking(call.text or "", order, complete=is_whole)

    async with task_group() as group:
        tasks = [group.create_task(ballot(reviewer)) for reviewer in reviewers]
    ballots = [each for task in tasks if (each := task.result()) is not None]
    leads = [_lead(each, tuple(texts), own, letter_of[best]) for each in ballots]
    return Verification(
        best=best,
        above=sum(lead > SAME_SCORE for lead in leads),
        below=sum(lead < -SAME_SCORE for lead in leads),
        ballots=len(ballots),
    )


async def _review(
    sitting: Sitting,
    seat: int,
    shown: Sequence[tuple[str, str]],
    broken_off: Sequence[str],
) -> Call:
    def prompt(limit: int | None) -> tuple[Message, ...]:
        return prompts.review_prompt(
            sitting.question,
            sitting.council,
            shown,
            fence=sitting.fence("review", seat, round=ROUND),
            broken_off=broken_off,
            limit=limit,
        )

    texts = tuple(text for _, text in shown)
    return await sitting.ask_about(
        "review",
        seat,
        Material(texts, prompt, reading_limit(list(texts))),
        tokens=REVIEW_TOKENS,
        deadline=Deadline(sitting.caller.patience.reviews),
        round=ROUND,
    )


def _as_an_answer(sitting: Sitting, labels: Sequence[str], text: str) -> str:
    """The verdict without what no answer has: letters of answers, and a first sentence in bold."""
    if not offers_letters(sitting.question, labels):
        text = unmarked(text)
    return _MENTION.sub(_unlettered, _BOLD_BEGINNING.sub(r"\2", text))


def _unlettered(mention: re.Match[str]) -> str:
    return "other answers" if len(mention[0]) > len("answer A") else "another answer"


def _lead(ballot: Ranking, shown: Sequence[str], own: str, best: str) -> float:
    shares = ranking.shares(ballot, shown)
    return shares[own] - shares[best]
