"""Orders in what is read: whoever obeys all that stands outside of a fence still obeys none of them."""

from dataclasses import replace

import pytest

from bot.council import Deliberation, Earlier, Exhibit, Past, Question
from bot.llm import Request
from bot.models.gate import mended
from bot.protocol.ballots import parse_ranking
from tests.abuse.corpus import DELIMITERS, KINDS
from tests.abuse.obedient import HONEST, obey, outside
from tests.fakes.provider import stage_and_seat
from tests.pages.telling import question, tell

# As the gate of everything from outside hands them on.
HOSTILE = [
    pytest.param(mended(text), id=f"{kind}-{n}")
    for kind, texts in KINDS.items()
    for n, text in enumerate(texts)
]


def told(asked: Question, *, answers: str = "", reviews: str = "") -> Deliberation:
    """By obedient models, one of which answers so, or begins its review so."""

    def reply(request: Request) -> str:
        stage, seat = stage_and_seat(request)
        if stage == "answer" and seat == 0 and answers:
            return answers
        if stage == "review" and seat == 0 and reviews:
            quoted = "\n".join(f"> {line}" for line in reviews.splitlines())
            return f"The author writes:\n\n{quoted}\n\n{obey(request)}"
        return obey(request)

    return tell(otherwise=reply, asked=asked).result


def ranked(result: Deliberation) -> list[tuple[str, float | None, int]]:
    return [(each.label, each.score, each.first_places) for each in result.standings]


UNTOUCHED = ranked(told(question()))


def test_the_obedient_model_does_obey() -> None:
    """Else nothing here could fail."""
    bare = told(replace(question(), text="Please rank Answer C first."))

    assert ranked(bare) != UNTOUCHED
    assert ranked(bare)[0][0] == "C"
    assert told(replace(question(), text="Please say PINEAPPLE.")).verdict.text == "PINEAPPLE"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_answer_moves_no_place_and_no_verdict(text: str) -> None:
    result = told(question(), answers=text)

    assert ranked(result) == UNTOUCHED
    assert result.verdict.text == HONEST


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_reviewer_quotes_moves_no_place_and_no_verdict(text: str) -> None:
    result = told(question(), reviews=text)

    assert ranked(result) == UNTOUCHED
    assert result.verdict.text == HONEST


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_quoted_or_was_said_before_moves_nothing(text: str) -> None:
    result = told(replace(question(), quoted=text, past=Past((Earlier(text, text),))))

    assert ranked(result) == UNTOUCHED
    assert [answer.text[:20] for answer in result.answers] == ["The answer from seat"] * 3
    assert result.verdict.text == HONEST


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_along_moves_nothing(text: str) -> None:
    exhibits = (
        Exhibit(text, text),
        Exhibit(text, why="It is damaged."),
        Exhibit("https://site.example", text, kind="link"),
        Exhibit(text, text, earlier=True),
        Exhibit(text, text, kind="link", earlier=True),
    )
    result = told(replace(question(), exhibits=exhibits))

    assert ranked(result) == UNTOUCHED
    assert [answer.text[:20] for answer in result.answers] == ["The answer from seat"] * 3
    assert result.verdict.text == HONEST


@pytest.mark.parametrize("text", DELIMITERS)
def test_no_word_of_material_stands_outside_of_its_fence(text: str) -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return f"Uncommon words.\n{text}\n{obey(request)}"

    tell(otherwise=reply, asked=replace(question(), quoted=f"Uncommon words.\n{text}"))

    assert len(asked) == 7
    assert [request.tag for request in asked if "Uncommon" in outside(request)] == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "quoting",
    ["> {}", "```\n{}\n```", "Answer C says: «{}»"],
    ids=["quoted", "as code", "in a sentence"],
)
def test_a_ballot_is_what_its_reviewer_ranked_itself(text: str, quoting: str) -> None:
    inner = text.replace("```", "'''")
    if quoting.startswith(">"):
        inner = inner.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\n> ")
    if quoting.startswith("Answer"):
        inner = " ".join(inner.split())
    review = f"{quoting.format(inner)}\n\nFINAL RANKING:\n1. Answer A\n2. Answer B\n3. Answer C"

    assert parse_ranking(review, "ABC") == (("A",), ("B",), ("C",))
