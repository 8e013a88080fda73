"""Rounds between answers and reviews: each member reads those of the others and may write its own
anew.

Members tend to follow each other, right or wrong, so a round is anonymous, asks for reasons, and
there are few of them. What comes of rounds is read from the journal's rows, so that a resumed run
tells what the first one did. Knows neither reviews nor verdicts.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.council import PERSON, Answer, Call, Change, Question, Stage, Version, by_models
from bot.llm import Message
from bot.protocol import outcome, prompts, ranking
from bot.protocol.conclusion import Particulars
from bot.protocol.counting import values_of
from bot.protocol.events import RevisionGiven, RevisionsAsked
from bot.protocol.patience import Deadline
from bot.protocol.shortening import reading_limit
from bot.protocol.sitting import Material, Sitting, task_group
from bot.protocol.stages import ANSWER_TOKENS
from bot.protocol.values import Value

Answers = Sequence[Answer]

# At most. Longer debates gain nothing and cost whoever was right its answer (research: 3.11, 3.12).
ROUNDS = 2


async def gather_revisions(sitting: Sitting, answers: Answers, round: int) -> tuple[Answer, ...]:
    """The answers as they are after this round, from 1 on, in the order of their labels.

    A member that gives no revision until the stage's deadline keeps its answer. People are not asked:
    theirs stand.
    """
    labels, revising = [answer.label for answer in answers], by_models(answers)
    orders = ranking.others(sitting.question.seed, labels, round)
    after = {answer.label: answer for answer in answers}
    sitting.emit(RevisionsAsked(round, tuple(answer.label for answer in revising)))

    async def ask(answer: Answer, deadline: Deadline) -> None:
        material = _material(sitting, answers, answer, orders[answer.label], round)
        call = await sitting.ask_about(
            "revision", answer.seat, material, tokens=ANSWER_TOKENS, deadline=deadline, round=round
        )
        after[answer.label] = outcome.revised(answer, sitting.council, call)
        sitting.emit(RevisionGiven(after[answer.label]))

    async with task_group() as group:
        deadlines = [sitting.deadline() for _ in revising]
        tasks = {group.create_task(ask(*each)) for each in zip(revising, deadlines, strict=True)}
        _, pending = await asyncio.wait(tasks, timeout=sitting.caller.patience.answers)
        if pending:
            for deadline in deadlines:
                deadline.give_up()
    return tuple(after[label] for label in labels)


def _material(
    sitting: Sitting, answers: Answers, own: Answer, order: Sequence[str], round: int
) -> Material:
    """What a member is shown to revise its answer by."""
    texts = dict(sitting.shown(answers))

    def prompt(limit: int | None) -> tuple[Message, ...]:
        return prompts.revision_prompt(
            sitting.question,
            sitting.council,
            own.text,
            [(label, texts[label]) for label in order],
            fence=sitting.fence("revision", own.seat, round=round),
            broken_off=outcome.broken_off(answers),
            limit=limit,
        )

    return Material((own.text, *texts.values()), prompt, reading_limit(list(texts.values())))


# --- What came of them


@dataclass(frozen=True, slots=True)
class Round:
    """The answers as they are after a round, by label; those of members that were `heard` in it, and
    of what convinced whoever says that its view changed: a letter, or "" for none."""

    answers: Mapping[str, Answer]
    heard: frozenset[str]
    towards: Mapping[str, str]


def discussed(sitting: Sitting) -> Particulars:
    """What the deliberation tells of its rounds: each without whoever was not heard in it."""
    found = rounds(sitting)
    said = tuple(
        tuple(Version(label, each.answers[label].text) for label in sorted(each.heard))
        for each in found
    )
    return {"rounds": said, "changes": changes(sitting.question, found)}


def rounds(sitting: Sitting) -> tuple[Round, ...]:
    """The answers themselves, and each round after them."""
    question, council, calls = sitting.question, sitting.council, sitting.journal.calls
    now = {a.label: a for a in outcome.answers(question, council, _of(calls, "answer", 0))}
    found = [Round(now, frozenset(now), {})]
    # Left out, they would be known for what they are.
    people = frozenset(label for label, each in now.items() if each.model == PERSON)
    last = max((call.round for call in calls if call.stage == "revision"), default=0)
    by_seat = {answer.seat: label for label, answer in now.items()}
    for round in range(1, last + 1):
        given = {by_seat[c.seat]: c for c in _of(calls, "revision", round) if c.seat in by_seat}
        now = {
            label: outcome.revised(answer, council, given[label]) if label in given else answer
            for label, answer in now.items()
        }
        heard = {label: call.text for label, call in given.items() if call.text is not None}
        said = {label: outcome.split_change(text)[1] for label, text in heard.items()}
        towards = {label: letter for label, letter in said.items() if letter is not None}
        found.append(Round(now, people.union(heard), towards))
    return tuple(found)


def changes(question: Question, rounds: Sequence[Round]) -> tuple[Change, ...]:
    """Who changed its mind, round by round: its value is another one, or, where its answers hold none
    that can be compared, it says so."""
    read = _read(question, rounds)
    return tuple(
        change
        for round in range(1, len(rounds))
        for change in _changes(rounds[round], read[round - 1], read[round], round)
    )


def any_changed(before: Answers, after: Answers) -> bool:
    """Whether a round left any other words: without, the next would ask for the same."""
    return [answer.text for answer in before] != [answer.text for answer in after]


def unsettled(question: Question, rounds: Sequence[Round]) -> bool:
    """Whether a value changed in the last round and the answers still disagree: one round more may
    settle it."""
    read = _read(question, rounds)
    if len(read) < 2:
        return False
    before, now = read[-2:]
    is_moving = any(label in before and before[label] != value for label, value in now.items())
    return is_moving and len(set(now.values())) > 1


def _changes(
    round: Round, before: Mapping[str, Value], now: Mapping[str, Value], number: int
) -> Iterator[Change]:
    for label in sorted(round.answers):
        letter = round.towards.get(label)
        said = letter if letter in round.answers and letter != label else None
        if label in before and label in now:
            if before[label] != now[label]:
                held = [each for each in sorted(before) if before[each] == now[label]]
                towards = said if said in held or not held else held[0]
                yield Change(label, number, towards)
        elif letter is not None:
            yield Change(label, number, said)


def _read(question: Question, rounds: Sequence[Round]) -> list[Mapping[str, Value]]:
    """The values of each round, such that those of different rounds can be compared."""
    texts = {
        (number, label): answer.text
        for number, round in enumerate(rounds)
        for label, answer in round.answers.items()
    }
    found = values_of(question, texts)
    return [
        {label: value for (n, label), value in found.items() if n == number}
        for number in range(len(rounds))
    ]


def _of(calls: Collection[Call], stage: Stage, round: int) -> list[Call]:
    return [call for call in calls if call.stage == stage and call.round == round]
