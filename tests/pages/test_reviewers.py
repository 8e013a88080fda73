"""What is told of reviewers: no more than the data carry, and no more than the channel wants to hear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.analysis.publication import Published
from bot.analysis.reviewers import Reviewers, reviewers
from bot.document import Document, Note, Table, Text
from bot.pages import published
from bot.pages.reviewers import Counting, channel_page, reviewers_page
from bot.settings import Weighted
from tests.analysis.test_reviewers import of
from tests.analysis.test_weights import question, uneven
from tests.pages.test_statistics import rated


def test_a_gain_that_holds_at_all_looks_is_called_that() -> None:
    _, told, table, note = reviewers_page(reviewers(of(*map(str, range(60))))).blocks
    assert isinstance(told, Text)
    assert told.text.splitlines() == [
        "- People prefer one answer in 60 pairs of answers, from 60 questions.",
        "- Reviews that count alike order 0\u00a0% of them as people do, weighted ones 100\u00a0%: +100 "
        "points (+96 to +100), on questions that the weights were not learned from. However often one "
        "looks, that is above 0.",
        "- Weights would have changed the first place in 60 of 60 questions; people prefer the new first "
        "in 60 of these, the old one in 0.",
    ]
    assert isinstance(table, Table)
    assert table.columns == ("Reviewer", "Agrees with people", "Pairs", "Weight")
    assert table.rows[0] == ("best", "100\u00a0% (93-100\u00a0%)", "60", "3.00")
    assert note == Note(
        "A weight of 1 is what all have on average. With the setting `weights` at `on` reviews count for "
        "their weight, else all alike."
    )


def test_a_gain_that_may_be_chance_says_how_long_it_takes() -> None:
    alike = [question(str(n), "best", "x", "y") for n in range(40)]
    found = reviewers([*alike, *of("p", "q", "r", "s", "t", "u")])
    assert found.questions_needed is not None
    left = found.questions_needed - found.questions
    words = str(reviewers_page(found, timedelta(days=10)).blocks[1])
    assert f"at this rate it takes about {left} more rated questions, which is about" in words
    assert f"about {round(left / 3)} months at the pace so far" in words
    words = str(reviewers_page(found, timedelta(hours=12)).blocks[1])
    assert "days at the pace so far" in words
    assert "pace" not in str(reviewers_page(found).blocks[1])


def test_where_weights_gain_nothing_nothing_is_promised() -> None:
    alike = [question(str(n), "best", "x", "y") for n in range(40)]
    words = str(reviewers_page(reviewers(alike), timedelta(days=1)).blocks[1])
    assert "0 points (-5 to +5)" in words
    assert "That weights gain anything is not in sight." in words
    assert "changed" not in words


def test_who_weighs_most_stands_first() -> None:
    table = reviewers_page(reviewers(uneven(40))).blocks[2]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["best", "coin", "worst"]


def test_what_was_published_before_reviewers_were_counted_says_when_they_will_be() -> None:
    page = published.reviewers(Published.of((rated(0),)), 3, counting=Counting("shadow"))
    assert "counted once 7 more questions were asked or voted on" in str(page.blocks[0])


# --- in a channel, by its setting `weights`

PROVEN = reviewers(of(*map(str, range(60))))
UNPROVEN = reviewers([question(str(n), "best", "x", "y") for n in range(40)])
FEW = reviewers(of(*map(str, range(8))))
NOBODY = reviewers(())
SINCE = datetime(2026, 5, 9, 23, 59, tzinfo=UTC)


def here(found: Reviewers, weights: Weighted, *, may_change: bool = True) -> Document:
    return channel_page(found, None, Counting(weights, SINCE, may_change))


def says(page: Document) -> str:
    """What reviews count for: what stands first."""
    block = page.blocks[1]
    assert isinstance(block, Text)
    return block.text


def offers(page: Document) -> list[tuple[str, str, bool]]:
    return [(button.name, button.label, button.primary) for button in page.buttons]


WEIGH = ("set:weights:on", "Weigh reviews", True)


def test_weights_are_suggested_once_what_they_gain_holds_at_all_looks() -> None:
    page = here(PROVEN, "shadow")
    assert says(page) == (
        "**It is worth weighing reviews here:** `/council set weights on` lets each count for its "
        "weight. So far all count alike."
    )
    assert offers(page) == [WEIGH]


@pytest.mark.parametrize("found", [UNPROVEN, FEW, NOBODY])
def test_until_then_they_are_told_and_not_suggested(found: Reviewers) -> None:
    page = here(found, "shadow")
    assert says(page) == (
        "Reviews here all count alike: with `weights` at `shadow`, this page only tells what weights "
        "would change."
    )
    assert page.buttons == ()


def test_a_channel_that_weighs_hears_since_when_and_may_end_it() -> None:
    for found in (PROVEN, UNPROVEN):
        page = here(found, "on")
        assert says(page) == (
            "Reviews here count for their weight. `weights` has been `on` since 9 May 2026."
        )
        assert offers(page) == [("set:weights:shadow", "Let all count alike", False)]


@pytest.mark.parametrize("found", [FEW, NOBODY])
def test_a_channel_that_weighs_too_early_hears_that_all_count_alike(found: Reviewers) -> None:
    assert says(here(found, "on")) == (
        "Reviews here all count alike so far. `weights` has been `on` since 9 May 2026."
    )


def test_a_channel_that_wants_no_weights_hears_nothing_of_them_but_how_to() -> None:
    page = here(UNPROVEN, "off")
    assert says(page) == (
        "Reviews here all count alike, and what weights would change is not told: `weights` is `off`."
    )
    assert offers(page) == [("set:weights:shadow", "Tell what weights change", False)]
    table = page.blocks[-1]
    assert isinstance(table, Table)
    assert table.columns == ("Reviewer", "Agrees with people", "Pairs")
    assert {len(row) for row in table.rows} == {3}
    assert page.blocks[2] == Text(
        "- People prefer one answer in 40 pairs of answers, from 40 questions."
    )


def test_it_hears_once_they_would_serve() -> None:
    page = here(PROVEN, "off")
    assert says(page) == (
        "**Weights would serve here:** `/council set weights shadow` tells what they would change, "
        "`/council set weights on` lets reviews count for them. With `off` all count alike."
    )
    assert offers(page) == [WEIGH, ("set:weights:shadow", "Tell what weights change", False)]


@pytest.mark.parametrize("weights", ["off", "shadow", "on"])
def test_who_may_change_nothing_is_offered_nothing(weights: Weighted) -> None:
    assert here(PROVEN, weights, may_change=False).buttons == ()


def test_below_twenty_pairs_nobody_has_a_weight_and_it_is_said_how_long_that_takes() -> None:
    found = reviewers(of(*map(str, range(16))))
    *_, table = reviewers_page(found).blocks
    assert isinstance(table, Table)
    assert table.columns == ("Reviewer", "Agrees with people", "Pairs")
    words = str(reviewers_page(found).blocks[1])
    assert (
        "below that all count alike. At this rate that takes about 4 more rated questions." in words
    )
    words = str(reviewers_page(found, timedelta(days=2)).blocks[1])
    assert "4 more rated questions, which is about 8 days at the pace so far." in words


def test_what_is_told_of_own_answers_is_explained() -> None:
    found = reviewers(uneven(40))
    authors = tuple(replace(each, self_preference=0.1) for each in found.reviewers)
    *_, own = reviewers_page(replace(found, reviewers=authors)).blocks
    assert own == Note(
        "Own answer: how much too high a reviewer places its own (1 is from last to first). Weighing "
        "corrects that."
    )
