"""What is told of reviewers: no more than the data carry."""

from datetime import timedelta

from bot.analysis.publication import Published
from bot.analysis.reviewers import reviewers
from bot.document import Note, Table, Text
from bot.pages import published
from bot.pages.reviewers import reviewers_page
from tests.analysis.test_reviewers import of
from tests.analysis.test_weights import question, uneven
from tests.pages.test_statistics import rated


def test_a_gain_that_holds_at_all_looks_is_called_that() -> None:
    _, told, table, note = reviewers_page(reviewers(of(*map(str, range(60))))).blocks
    assert isinstance(told, Text)
    assert told.text == (
        "People hold one answer for better in 60 pairs of answers, of 60 questions. Reviews that "
        "count alike order 0\u00a0% of them as people do, weighted ones 100\u00a0%: +100 points "
        "(+96 to +100), on questions that the weights were not learned from. Weights would have "
        "changed the first place in 60 of 60 questions; people hold the new first for better in 60 "
        "of these, the old one in 0. However often one looks, that is above 0."
    )
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
    page = published.reviewers(Published.of((rated(0),)), 3)
    assert "counted once 7 more questions were asked or voted on" in str(page.blocks[0])
