"""Quick and vote on public answers: 1,319 questions with a number each, by the twelve best models.
`python -m tests.bench.modes` prints how often each is right, and what it asks.

A council of four is drawn for each question. Members say what the models said.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from random import Random

from bot.analysis.outcomes import RIGHT
from bot.bench.grading import grade
from bot.council import Answer, Question
from bot.protocol.counting import all_agree, plurality, tied
from tests.protocol.deliberating import ASKED_AT
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


@dataclass(frozen=True, slots=True)
class Figures:
    """Of `questions`: right ones by mode, answers that quick asked for, and votes counted twice: of
    those that a plain reading can count, too, in how many the same number won."""

    questions: int
    right_quick: int
    right_vote: int
    asked_by_quick: int
    counted_twice: int
    same_winner: int

    def __str__(self) -> str:
        n = self.questions
        return (
            f"{n} questions, councils of {MEMBERS} among the {BEST} best models\n"
            f"quick: right {self.right_quick / n:.4f}, {self.asked_by_quick / n:.3f} answers a "
            f"question\nvote:  right {self.right_vote / n:.4f}, {MEMBERS} answers a question\n"
            f"votes that a plain reading counts too: {self.counted_twice}, of which the same "
            f"number wins in {self.same_winner}"
        )


def figures() -> Figures:
    right_quick = right_vote = asked_for = twice = same = 0
    for number in range(len(asked())):
        reference, texts = drawn(number)
        agree = all_agree(question(number), answers({label: texts[label] for label in "AB"}))
        voted = most_say(texts, number)
        quick = texts[Random(number).choice("AB")] if agree else voted
        asked_for += 2 if agree else MEMBERS
        right_quick += bool(grade("number", quick, reference).correct)
        right_vote += bool(grade("number", voted, reference).correct)
        if (expected := plain_winners(texts)) is not None:
            counted = plurality(question(number), answers(texts))
            sides = tied(counted.options) if counted else ()
            twice += 1
            same += {plain_number(side.value) for side in sides} == expected
    return Figures(len(asked()), right_quick, right_vote, asked_for, twice, same)


def plain_winners(texts: dict[str, str]) -> set[Fraction | None] | None:
    """What most say, where each says one number and nothing can be read in two ways."""
    numbers = Counter(plain_number(text.rpartition("Final answer:")[2]) for text in texts.values())
    most = max(numbers.values())
    return None if None in numbers else {n for n, count in numbers.items() if count == most}


def plain_number(text: str) -> Fraction | None:
    said = re.findall(r"-?\d+(?:,\d{3})*(?:\.\d+)?", text)
    return Fraction(said[0].replace(",", "")) if len(said) == 1 else None


if __name__ == "__main__":
    print(figures())
