"""What weighted reviews would have put first, by weights from the questions of others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bot.analysis.realised import Realised
from bot.analysis.report import ceiling
from bot.analysis.rows import Row
from bot.analysis.weighted import Reviewed, reviewed, weighted_verdicts
from tests.fakes.rows import ballot, make_row


def rows(n: int, *, askers: int = 6, sharp: str = "a") -> list[Row]:
    """One of three is accepted. The `sharp` reviewer puts it first, both others always put c there."""
    found = []
    for number in range(n):
        good = "abc"[int(np.random.default_rng(number).integers(3))]
        rest = "".join(model for model in "abc" if model != good)
        found.append(
            make_row(
                str(number),
                asker=f"person-{number % askers}",
                accepted=[model == good for model in "abc"],
                verdict=number % 2 == 0,
                scores=(0.3, 0.3, 0.9),
                ballots=[
                    ballot(model, f"{good}>{rest}" if model == sharp else "c>ba", "abc")
                    for model in "abc"
                ],
            )
        )
    return found


def worth(rows: Sequence[Row]) -> list[float | None]:
    return weighted_verdicts([reviewed(row) for row in rows])


def test_who_orders_answers_as_people_do_comes_to_decide() -> None:
    found = worth(rows(90))

    assert None not in found
    assert np.mean(np.array(found, float)) > 0.9


def test_nobodys_weights_are_learned_from_that_persons_own_questions() -> None:
    """Were they, what is right in the one's questions would be another."""
    questions = [reviewed(row) for row in rows(60, askers=3)]
    others_wrong = [
        _turned(each) if each and each.judged.asker == "person-0" else each for each in questions
    ]

    before, after = weighted_verdicts(questions), weighted_verdicts(others_wrong)

    own = [place for place in range(60) if place % 3 == 0]
    assert [before[place] for place in own] == [after[place] for place in own]
    assert before != after


def _turned(question: Reviewed) -> Reviewed:
    """With what people held for better for worse, and the same answers right."""
    pairs = tuple((worse, better) for better, worse in question.judged.pairs)
    return replace(question, judged=replace(question.judged, pairs=pairs))


@pytest.mark.parametrize(("n", "askers"), [(9, 6), (90, 1)])
def test_below_twenty_pairs_or_with_one_person_nothing_is_weighted(n: int, askers: int) -> None:
    assert worth(rows(n, askers=askers)) == [None] * n


def test_where_reviews_or_what_people_hold_are_not_known_there_is_nothing_to_tell() -> None:
    known = rows(60)
    unknown = [
        replace(known[0], id="brief", lengths=()),
        replace(known[0], id="unreviewed", ballots=()),
        replace(known[0], id="unrated", accepted=(None, None, None)),
    ]

    assert worth([*known, *unknown])[-3:] == [None] * 3


def test_where_all_were_accepted_any_pick_was_right() -> None:
    every, none = (
        replace(rows(1)[0], id=str(good), accepted=(good,) * 3) for good in (True, False)
    )

    assert worth([*rows(60), every, none])[-2:] == [1.0, 0.0]


def test_a_channel_hears_what_share_of_the_gain_weighted_reviews_make_real() -> None:
    found, _period = ceiling(rows(90))

    assert isinstance(found.realised, Realised)
    weighted, equal = found.realised.of("weighted_verdict"), found.realised.of("top_answer")
    assert weighted
    assert equal
    assert weighted.of_gain.value > 0.85
    assert equal.of_gain.value < 0.3
    assert weighted.over_best
    assert weighted.over_best.low > 0
