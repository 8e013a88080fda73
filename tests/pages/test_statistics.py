"""The statistics in words: what the intervals carry, and behind it every number with its own."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from bot.analysis.cofailure import ceiling_of_votes
from bot.analysis.estimates import Estimate
from bot.analysis.realised import Realised
from bot.analysis.report import ceiling, peers_of, report
from bot.analysis.rows import Row, outcomes
from bot.document import Bar, Document, Heading, Image, Note, Table, Text
from bot.pages.ceiling import ceiling_page, diagnostics
from bot.pages.numbers import points, signed
from bot.pages.statistics import standings_alt, standings_bars, stats_page
from bot.pages.statistics_details import details_page
from tests.fakes.rows import ballot, make_row


def rated(number: int, *, best: str = "a", verdict: bool = True) -> Row:
    return make_row(
        str(number),
        asker=f"person-{number % 5}",
        accepted=[model == best for model in "abc"],
        best=best,
        verdict=verdict,
        scores=(0.2, 0.9, 0.4),
        ballots=[ballot("a", "b>ca"), ballot("b", "b>ac"), ballot("c", "b>c>a")],
    )


def page(rows: Sequence[Row], picture: Image | None = None) -> Document:
    return stats_page(report(rows, peers_of(rows)), picture)


def details(rows: Sequence[Row]) -> Document:
    return details_page(report(rows, peers_of(rows)))


def words(document: Document) -> str:
    lines = []
    for block in document.blocks:
        match block:
            case Text(text) | Note(text):
                lines.append(text)
            case Table(columns, cells):
                lines += [" | ".join(row) for row in (columns, *cells)]
            case _:
                pass
    return "\n".join(lines)


def test_a_channel_without_questions_gets_a_sentence() -> None:
    assert words(page([])) == "The council has answered no question here yet."
    assert words(details([])) == "The council has answered no question here yet."


def test_an_unrated_channel_hears_how_to_vote_and_what_the_models_think() -> None:
    unrated = [
        make_row(str(n), ballots=[ballot("a", "b>ca"), ballot("c", "b>ac")]) for n in range(20)
    ]
    said = words(page(unrated))
    assert "Nothing was rated here yet. Votes are reactions: 👍 good enough" in said
    assert "The models themselves would pick **b**" in said
    assert "An accepted verdict" not in said


def test_votes_that_do_not_count_are_not_called_no_votes() -> None:
    named = [make_row(str(n), not_blind=8) for n in range(20)]
    said = words(page(named))
    assert "Nothing was rated" not in said
    assert "All 160 votes here came from people who had seen the names" in said

    said = words(page([*named, rated(20)]))
    assert "160 more votes of people who had seen the names, which do not count." in said


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.2701, -0.003, 0.552, "+27 points (-1 to +56)"),
        (0.2701, 0.0, 0.55, "+27 points (0 to +55)"),
        (-0.0004, -0.0, 0.0, "0 points (0 to 0)"),
    ],
)
def test_points_have_no_negative_zero_and_ends_that_promise_no_more(
    value: float, low: float, high: float, said: str
) -> None:
    assert points(Estimate(value, low, high, 30)) == said
    assert signed(-0.04, 1) == "0.0"


def test_the_page_says_who_serves_best_what_models_would_pick_and_what_it_costs() -> None:
    found = page([rated(number) for number in range(40)])
    said = words(found)

    assert found.blocks[0] == Heading("a serves people best here")
    assert re.search(r"People prefer it to a typical model \*\*\d\d\s%\*\* of the time\.", said)
    assert re.search(r"The models themselves would pick \*\*b\*\* \(\d\d\s%\)\.", said)
    assert "Verdict or a alone? **No difference can be told yet** (40 questions;" in said
    assert "everybody knows which text is the verdict" in said
    assert "An accepted verdict costs **$0.020** and takes **30 s**." in said
    assert "Rated 40 of 40 questions, by 5 people." in said
    assert [button.name for button in found.buttons] == [
        "stats:details",
        "stats:reviewers",
        "suggest",
    ]


def test_the_details_give_every_number_of_the_page_with_its_interval() -> None:
    said = words(details([rated(number) for number in range(40)]))

    assert "**People:** a leads: preferred to a typical model here" in said
    assert "**Models:** b leads" in said
    assert "People and models disagree about the best: people a, models b." in said
    assert "Whether the council beats its best member, a, is open" in said
    assert "An accepted verdict takes $0.02 ($0.02-0.02) and 30 s (30-30)." in said
    assert "Spent on all of them: $0.80." in said


def test_where_nobody_leads_the_page_says_so() -> None:
    found = page([rated(number, best="abc"[number % 3]) for number in range(30)])
    assert found.blocks[0] == Heading("No model clearly serves people best here yet")
    assert "serves people best here" not in words(found)


def test_a_share_that_may_be_a_guess_is_called_one() -> None:
    said = words(page([rated(number, best="abc"[number % 3]) for number in range(30)]))
    assert "a guess gets 33\u00a0%, so no difference can be told yet." in said


def test_a_council_that_beats_its_best_member_is_told_so_and_one_that_does_not() -> None:
    better = [
        make_row(str(n), accepted=[n % 3 == i for i in range(3)], verdict=True) for n in range(60)
    ]
    worse = [make_row(str(n), accepted=[True] * 3, verdict=False) for n in range(60)]

    assert "**The verdict is accepted more often**" in words(page(better))
    assert re.search(r"\*\*[abc] alone is accepted more often\*\*", words(page(worse)))
    assert "The council beat its best member" in words(details(better))
    assert "The council did worse than its best member" in words(details(worse))


def test_below_twenty_rows_there_are_counts_only() -> None:
    rows = [rated(number) for number in range(19)]
    said = words(page(rows)) + words(details(rows))

    assert "No ranking below 20 questions: in 19 somebody picked a best answer." in said
    assert "a | 19 of 19" in said
    assert "%" not in said.replace("90\u00a0% interval", "").replace("Agreement | 95\u00a0%", "")


def test_the_first_ratings_do_not_tell_who_wrote_what() -> None:
    four, five = ([rated(number) for number in range(count)] for count in (4, 5))

    assert "a |" not in words(details(four))
    assert not re.search(r"\b[abc]\b: \d", words(page(four)))
    assert "a | 5 of 5" in words(details(five))


def test_every_share_stands_beside_its_interval() -> None:
    rows = [rated(number, best="abc"[number % 3]) for number in range(60)]
    said = words(details(rows))
    shares = re.findall(r"\d+\s% \(\d+-\d+\s%\)", said)

    bare = re.sub(
        r"\d+\s% \(\d+-\d+\s%\)|\d+-\d+\s%|90\s% interval|Agreement \| 95\s%|by chance \d+\s%",
        "",
        said,
    )
    assert len(shares) > 9
    assert "%" not in bare


def test_the_picture_stands_between_the_text_and_the_small_print() -> None:
    picture = Image("standings.png", b"png", "alt")
    kinds = [type(block).__name__ for block in page([rated(0)], picture).blocks]
    assert kinds == ["Heading", "Text", "Image", "Text", "Note"]


def test_who_does_not_see_the_picture_reads_the_standings() -> None:
    rows = [rated(number) for number in range(40)]
    found = report(rows, peers_of(rows))

    alt = standings_alt(found.people, found.peers.board)

    assert alt.startswith("How often each model is preferred to a typical one. People: 1. a ")
    assert re.search(r"Models: 1\. b \d+\s% \(\d+-\d+\s%\); 2\. ", alt)


def test_where_no_picture_can_be_shown_bars_stand_for_it() -> None:
    rows = [rated(number) for number in range(40)]
    found = report(rows, peers_of(rows))

    first, *others = standings_bars(found.people, found.peers.board).bars

    assert isinstance(first, Bar)
    assert (first.label, first.value) == ("a", f"{100 * first.share:.0f}\u00a0%")
    assert re.fullmatch(r"models: \d+\s%", first.note)
    assert [bar.share for bar in others] == sorted((b.share for b in others), reverse=True)


def test_the_ceiling_is_told_with_its_period_and_how_its_limits_hold() -> None:
    rows = [rated(number, best="abc"[number % 3]) for number in range(60)]

    said = words(ceiling_page(*ceiling(rows)))

    assert said.startswith(
        "Picking the best answer of these 3 models would gain at least 47 points"
    )
    assert "In 60 rated questions (20 Nov 2026) you rejected every answer 0 times" in said
    assert "Each end is a one-sided limit" in said


def test_a_channel_hears_what_was_made_of_the_possible_gain_and_over_which_questions() -> None:
    rows = [rated(number, best="abc"[number % 3], verdict=number % 4 > 0) for number in range(60)]

    said = words(ceiling_page(*ceiling(rows)))

    # A draw of three is accepted in a third, b was always put first, the verdict in 3 of 4.
    assert re.search(r"verdict \| 62 % \(\d+ to \d+ %\) \| \+\d+ points \(", said)
    assert re.search(r"top answer \| 0 % \(", said)
    assert "over 60 questions that were rated in full" in said
    assert "Whoever rates a verdict knows that it is one." in said

    found, _ = ceiling([replace(row, verdict=None) for row in rows])
    assert "verdict" not in [each.way for each in cast("Realised", found.realised).shares]


def test_diagnostics_are_a_table_of_their_own() -> None:
    rows = [rated(number, best="abc"[number % 3]) for number in range(60)]
    table = diagnostics(ceiling_of_votes(outcomes(rows, ("a", "b", "c"))))
    assert ("all wrong", "0.00\u00a0%") in table.rows
    assert "phi" not in words(ceiling_page(*ceiling(rows)))
