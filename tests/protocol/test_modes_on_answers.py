"""Quick and vote on public answers, as `tests.bench.modes` has them: what is compared are the rules.

Reviewers rank first what most say, and the chairman writes that.
"""

from dataclasses import replace

import pytest

from bot.bench.grading import grade
from bot.council import Council
from bot.llm import Request
from bot.store.store import Store
from tests.bench.modes import asked, drawn, figures, most_say, question
from tests.fakes.provider import FakeProvider, labels_shown, stage_and_seat
from tests.protocol.deliberating import run

pytestmark = pytest.mark.usefixtures("own_time")


def test_two_that_agree_are_as_right_as_a_vote_of_four_for_half_of_the_answers() -> None:
    found = figures()

    assert found.questions == 1_319
    assert found.right_quick / found.questions >= found.right_vote / found.questions - 0.005
    assert found.asked_by_quick / found.questions <= 2.2


def test_a_vote_is_the_plurality_counted_another_way() -> None:
    found = figures()

    assert found.counted_twice > 1_200
    assert found.same_winner == found.counted_twice


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
