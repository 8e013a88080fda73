"""Quick and vote on public answers: 1,319 questions with a number each, by the twelve best models.

A council of four is drawn for each question. Members say what the models said, reviewers rank first
what most say, and the chairman writes that, so that what is compared are the rules.
"""

import csv
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random

import pytest

from bot.analysis.outcomes import RIGHT
from bot.bench.grading import grade
from bot.council import Answer, Council, Question
from bot.llm import Request
from bot.protocol.counting import all_agree, plurality, tied
from bot.protocol.values import fraction, value
from bot.store.store import Store
from tests.fakes.provider import FakeProvider, labels_shown, stage_and_seat
from tests.protocol.deliberating import ASKED_AT, run
from tests.reference_data import outcomes, reference_file

MEMBERS, BEST = 4, 12


@cache
def asked() -> tuple[tuple[str, dict[str, str]], ...]:
    """The reference, and what the best models answered."""
    graded = outcomes("gsm8k_outcomes")
    by_model = (graded.cells == RIGHT).sum(axis=0).tolist()
    right = Counter(dict(zip(graded.models, by_model, strict=True)))
    best = [name for name, _ in right.most_common(BEST)]
    with reference_file("gsm8k_answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple((row["reference"], {name: row[name] for name in best}) for row in rows)


def drawn(number: int) -> tuple[str, dict[str, str]]:
    """Of a question: the reference, and what four of the models say, by label."""
    reference, said = asked()[number]
    models = Random(number).sample(sorted(said), MEMBERS)
    return reference, {
        label: f"Step by step.\n\nFinal answer: {said[model]}"
        for label, model in zip("ABCD", models, strict=True)
    }


def answers(texts: dict[str, str]) -> tuple[Answer, ...]:
    return tuple(
        Answer(label, label, text, 1.0, 1, 1, 0.0, 0, seat, "stop")
        for seat, (label, text) in enumerate(texts.items())
    )


def question(number: int) -> Question:
    return Question(f"q{number}", "How many?", number, ASKED_AT)


def most_say(texts: dict[str, str], number: int) -> str:
    """The text of one that most of them agree with; of a tie, any."""
    counted = plurality(question(number), answers(texts))
    sides = tied(counted.options) if counted else ()
    labels = Random(number).choice(sides).labels if sides else tuple(texts)
    return texts[labels[0]]


def test_two_that_agree_are_as_right_as_a_vote_of_four_for_half_of_the_answers() -> None:
    right_quick = right_vote = said = 0
    for number in range(len(asked())):
        reference, texts = drawn(number)
        first = {label: texts[label] for label in "AB"}
        agree = all_agree(question(number), answers(first))
        said += 2 if agree else 4
        quick = texts[Random(number).choice("AB")] if agree else most_say(texts, number)
        right_quick += bool(grade("number", quick, reference).correct)
        right_vote += bool(grade("number", most_say(texts, number), reference).correct)

    n = len(asked())
    assert n == 1_319
    assert right_quick / n >= right_vote / n - 0.005
    assert said / n <= 2.2


def number_in(text: str) -> Fraction | None:
    """The first number after the marker, read by itself."""
    bare = text.rpartition("Final answer:")[2].replace(",", "").replace("$", "").strip()
    return fraction(bare.split()[0]) if bare and value(text) else None


def test_a_vote_is_the_plurality_counted_another_way() -> None:
    for number in range(len(asked())):
        _, texts = drawn(number)
        counted = plurality(question(number), answers(texts))
        numbers = {label: each for label, t in texts.items() if (each := number_in(t)) is not None}
        expected = sorted(Counter(numbers.values()).values(), reverse=True)
        if counted is None or counted.kind != "number":
            assert len(numbers) < MEMBERS
            continue
        found = {label for option in counted.options for label in option.labels}
        if found == set(numbers):
            assert [len(option.labels) for option in counted.options] == expected
            for option in counted.options:
                assert len({numbers[label] for label in option.labels}) == 1
        assert counted.tie is (len(tied(counted.options)) > 1)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    store = await Store.open(":memory:", holder="tests")
    yield store
    await store.close()


async def test_the_modes_themselves_do_what_the_rules_say(store: Store) -> None:
    """Every eighth question, through all stages."""
    requests = right_quick = right_vote = 0
    numbers = range(0, len(asked()), 8)
    for number in numbers:
        reference, texts = drawn(number)
        council = Council(tuple(texts), "chair", mode="quick")

        def reply(request: Request, texts: dict[str, str] = texts, number: int = number) -> str:
            stage, seat = stage_and_seat(request)
            if stage == "answer":
                return list(texts.values())[seat]
            if stage == "review":
                places = sorted(labels_shown(request))
                return "FINAL RANKING:\n" + "\n".join(
                    f"{n}. Answer {x}" for n, x in enumerate(places, 1)
                )
            return most_say(texts, number)

        for mode in ("quick", "vote"):
            provider = FakeProvider(otherwise=reply)
            each = replace(council, mode=mode)
            asking = replace(question(number), id=f"{mode}{number}")
            done = await run(store, provider, council=each, asked=asking)
            right = bool(grade("number", done.deliberation.verdict.text, reference).correct)
            if mode == "quick":
                requests += len(provider.asked("answer"))
                right_quick += right
            else:
                right_vote += right

    assert requests / len(numbers) <= 2.2
    assert right_quick >= right_vote - 1
