"""What anybody reads of unequal ballots before the names: the order that came of them, and no more."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.council import Council, Deliberation, Question, SeatWeight
from bot.pages import presenter
from bot.pages.sentences import counted_unequally, reviews
from bot.pages.transcript import transcript
from bot.protocol import outcome, weighing
from tests.pages.telling import Told, tell, words

FOUR = Council(("acme/zeppelin-7", "globex/quokka-2", "initech/narwhal", "umbrella/stoat"), "x/y")
ORDERS = ("A > B > C > D", "B > A > C > D", "C > B > D > A", "A > C > B > D")


def reviewed() -> Told:
    """Four reviewers that disagree."""
    plain = tell(council=FOUR)
    seats = {review.label: review.seat for review in plain.result.reviews}
    script = {
        ("review", seats[label]): [f"FINAL RANKING: {order}"]
        for label, order in zip("ABCD", ORDERS, strict=True)
    }
    return tell(script, council=FOUR)


TOLD = reviewed()
seat_weights = st.builds(SeatWeight, st.floats(0.1, 3), st.floats(-0.3, 0.3))


def weighed(weights: tuple[SeatWeight, ...]) -> Deliberation:
    """As if the council had had these."""
    result, council = TOLD.result, replace(TOLD.council, weights=weights)
    by_label = weighing.weights_of(TOLD.question, council)
    answered = [(answer.label, answer.model) for answer in result.answers]
    ballots = outcome.ballots(result.reviews)
    standings = weighing.standings(ballots, answered, result.seed, by_label)
    reviews = weighing.weighted(result.reviews, by_label)
    return replace(result, standings=standings, reviews=reviews)


def blind(result: Deliberation) -> list[str]:
    """All that a thread shows, and the file of it."""
    question: Question = TOLD.question
    answers = [words(presenter.answer(each, question, TOLD.council)) for each in result.answers]
    return [
        words(presenter.verdict(result, question)),
        repr(presenter.ranking(result, question)),
        transcript(result, question, TOLD.council),
        *answers,
    ]


def told_of(result: Deliberation) -> tuple[list[float], list[str]]:
    """The places, and who would be first by equal ballots: what may be told."""
    places = [each.ordered_by for each in result.standings]
    levels = [float(places.index(each)) for each in places]
    return levels, [*(each.label for each in result.standings), counted_unequally(result.standings)]


@given(st.tuples(*[seat_weights] * 4), st.floats(0.5, 2), st.floats(-0.02, 0.02))
def test_the_same_order_reads_the_same_whoever_made_it(
    weights: tuple[SeatWeight, ...], factor: float, more: float
) -> None:
    """No number, and no word, that differs with what a reviewer counts for."""
    first = weighed(weights)
    changed = [replace(each, preference=each.preference + more) for each in weights]
    changed[0] = replace(changed[0], weight=changed[0].weight * factor)
    second = weighed(tuple(changed))
    if told_of(first) == told_of(second):
        assert blind(first) == blind(second)


def test_nobody_reads_whose_ballot_counted_more() -> None:
    """With letters, the ballots and the order that came of them would say it, and the statistics say
    which model counts more."""
    [*pages] = blind(weighed((SeatWeight(3, 0), *[SeatWeight(1, 0)] * 3)))
    text = "\n".join(pages)

    assert "Reviewer 1" in text
    for label in "ABCD":
        assert f"Reviewer {label}" not in text
        assert f"uthor of {label}" not in text
        assert f"author of Answer {label}" not in text


def test_the_numbers_of_reviewers_are_not_in_the_order_of_their_letters() -> None:
    result = weighed((SeatWeight(1, 0),) * 4)

    orders = {
        tuple(each.label for each in reviews(result, replace(TOLD.question, seed=seed)))
        for seed in range(200)
    }
    assert len(orders) == 24
