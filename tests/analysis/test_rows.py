"""From deliberations and reactions to rows: what counts, and once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.rows import Pick, Rated, Row, counted, outcomes, rated, rosters, rows
from bot.council import (
    Agreement,
    Answer,
    Council,
    Deliberation,
    MemberResult,
    Question,
    Review,
    Standing,
    Timings,
    Verdict,
)
from bot.recognition import alike
from bot.records import Case, Reaction, ReactionValue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODELS = {"A": "lab/a", "B": "lab/b", "C": "lab/c"}


def member(label: str, model: str, failed: frozenset[str]) -> MemberResult:
    error = "timed_out: No answer came in time." if label in failed else None
    return MemberResult(label, model, "failed" if error else "answered", error, ord(label) - 65)


def answer(label: str, model: str) -> Answer:
    return Answer(label, model, "An answer.", 1.0, 10, 20, 0.01, 0, ord(label) - 65, "stop")


def case(
    id: str = "one",
    *,
    question: str | None = None,
    thread: str | None = None,
    models: dict[str, str] = MODELS,
    failed: frozenset[str] = frozenset(),
    reviews: tuple[Review, ...] = (),
    written_by: str | None = "lab/chair",
    finished: bool = True,
) -> Case:
    """A finished case, asked by ann."""
    asked = Question(id, question or f"What about {id}?", 1, NOW)
    answers = tuple(answer(label, m) for label, m in models.items() if label not in failed)
    result = Deliberation(
        id=id,
        question=asked.text,
        mode="council",
        seed=1,
        degraded=bool(failed),
        members=tuple(member(label, model, failed) for label, model in models.items()),
        answers=answers,
        reviews=reviews,
        standings=tuple(Standing(a.label, a.model, 0.5, 0, 1) for a in answers),
        agreement=Agreement(None, None, False),
        verdict=Verdict("So be it.", written_by, None, None, None, 3),
        timings=Timings(1.0, 2.0, 3.0, 3.5, 4.0),
        calls=7,
        prompt_tokens=10,
        completion_tokens=20,
        cost_usd=0.02,
        cost_known=True,
        chairman="lab/chair",
    )
    return Case(
        question=asked,
        council=Council(tuple(models.values()), "lab/chair"),
        platform="discord",
        workspace="server",
        channel="channel",
        thread=thread,
        asker="ann",
        status="finished" if finished else "running",
        result=result if finished else None,
    )


def says(
    person: str,
    value: ReactionValue,
    target: str = "A",
    minute: int = 1,
    *,
    blind: bool = True,
    ranking_shown: bool = False,
    place: int | None = None,
) -> Reaction:
    at = NOW + timedelta(minutes=minute)
    return Reaction("one", target, person, value, at, blind, ranking_shown, place)


def row(*reactions: Reaction, of: Case | None = None) -> Row:
    (only,) = rows([(of or case(), reactions)])
    return only


def test_the_asker_decides_whatever_others_say() -> None:
    found = row(says("ann", "reject"), says("bob", "accept"), says("cem", "accept"))
    assert found.accepted == (False, None, None)
    assert found.voters == ("ann",)


def test_the_askers_last_word_counts() -> None:
    assert row(says("ann", "accept"), says("ann", "reject", minute=2)).accepted[0] is False


def test_without_the_asker_the_majority_of_people_decides() -> None:
    found = row(says("bob", "accept"), says("cem", "accept"), says("dan", "reject"))
    assert found.accepted[0] is True
    assert found.voters == ("bob", "cem", "dan")


def test_a_tie_leaves_an_answer_unknown() -> None:
    assert row(says("bob", "accept"), says("cem", "reject")).accepted == (None, None, None)


def test_the_asker_decides_only_what_they_rated() -> None:
    found = row(says("ann", "accept", "A"), says("bob", "reject", "B"))
    assert found.accepted == (True, False, None)


def test_a_vote_taken_back_counts_no_more() -> None:
    assert row(says("ann", "accept")).rated
    assert not row().rated


def test_votes_after_the_reveal_do_not_count() -> None:
    assert row(says("ann", "reject", blind=False)).accepted == (None, None, None)
    kept = row(says("ann", "accept"), says("ann", "reject", minute=2, blind=False))
    assert kept.accepted[0] is True


def test_none_of_these_refuses_every_answer() -> None:
    found = row(says("ann", "none", "none"))
    assert found.accepted == (False, False, False)
    assert found.all_rejected is True


def test_best_accepts_one_and_says_nothing_of_the_others() -> None:
    found = row(says("ann", "best", "B"))
    assert found.accepted == (None, True, None)
    assert found.best == "lab/b"
    assert found.all_rejected is False


def test_one_unknown_answer_leaves_open_whether_all_were_refused() -> None:
    assert row(says("ann", "reject", "A"), says("ann", "reject", "B")).all_rejected is None


def test_the_askers_best_counts_before_that_of_most() -> None:
    found = row(says("ann", "best", "A"), says("bob", "best", "B"), says("cem", "best", "B"))
    assert found.best == "lab/a"


def test_divided_people_have_no_best() -> None:
    assert row(says("bob", "best", "A"), says("cem", "best", "B")).best is None


def test_a_pick_knows_whether_the_ranking_was_shown() -> None:
    found = row(says("ann", "best", "B", ranking_shown=True), says("bob", "best", "A"))
    assert set(found.picks) == {Pick("ann", "lab/b", True), Pick("bob", "lab/a", False)}


def test_a_failed_member_is_unknown_and_not_refused() -> None:
    found = row(says("ann", "none", "none"), of=case(failed=frozenset("B")))
    assert found.models == ("lab/a", "lab/c")
    assert found.failed == ("lab/b",)
    assert found.accepted == (False, False)


def test_where_people_compare_the_answers_alone_are_voted_on() -> None:
    done = case()
    assert done.result
    verdict = Verdict("There is no verdict.", None, None, None, None, None)
    compared = replace(done.result, mode="compare", reviews=(), standings=(), verdict=verdict)
    found = row(
        says("ann", "best", "B"),
        says("bob", "accept", "verdict"),
        of=replace(done, result=compared),
    )

    assert (found.accepted, found.best) == ((None, True, None), "lab/b")
    assert (found.verdict, found.verdict_written, found.ballots) == (None, False, ())
    assert found.voters == ("ann",)
    assert not found.all_heard


def test_the_verdict_has_its_own_vote_and_none_of_these_is_not_about_it() -> None:
    found = row(says("ann", "none", "none"), says("ann", "accept", "verdict"))
    assert found.verdict is True
    assert found.all_rejected is True


def test_an_answer_that_stands_for_the_verdict_is_not_written() -> None:
    assert row(of=case(written_by=None)).verdict_written is False
    assert row(of=case()).verdict_written is True


def test_a_thread_adds_one_row_its_first() -> None:
    first, follow_up = case("one", thread="t"), case("two", thread="t")
    found = rows([(first, ()), (follow_up, (says("ann", "accept"),))])
    assert [each.id for each in found] == ["one"]


def test_questions_outside_of_threads_are_rows_of_their_own() -> None:
    assert len(rows([(case("one"), ()), (case("two"), ())])) == 2


def test_a_question_asked_again_counts_once_and_as_it_was_rated() -> None:
    asked = "How do I keep bread fresh for a week at home without a freezer, and why?"
    again = "how do I keep  bread fresh for a week at home without a freezer and why"
    vote = (says("ann", "accept"),)
    found = rows([(case("one", question=asked), ()), (case("two", question=again), vote)])
    assert [each.id for each in found] == ["two"]


def test_a_small_change_to_a_long_question_is_the_same_question() -> None:
    words = [f"word{chr(97 + i)}" for i in range(26)]
    asked, again = " ".join(words), " ".join(["please", *words])
    assert len(rows([(case("one", question=asked), ()), (case("two", question=again), ())])) == 1


def test_another_number_or_word_is_another_question() -> None:
    long = "What is the sum of all the numbers that I noted on this list of mine, beginning with"
    for one, other in [
        (f"{long} 12", f"{long} 13"),
        ("What is C++?", "What is C#?"),
        ("Is tea better than coffee?", "Is coffee better than tea?"),
        ("🤔", "😀"),
    ]:
        assert len(rows([(case("one", question=one), ()), (case("two", question=other), ())])) == 2


@given(st.lists(st.frozensets(st.sampled_from(["#a", "#b", *"abcdefgh"]), max_size=8), max_size=30))
def test_of_any_questions_none_stays_that_is_like_an_earlier_one(
    signs: list[frozenset[str]],
) -> None:
    asked = [replace(row(), id=f"{n:02}", signs=tuple(each)) for n, each in enumerate(signs)]
    kept = counted((one.id, one) for one in asked)

    first: list[Row] = []
    for one in asked:
        if not any(alike(set(one.signs), set(other.signs)) and one.signs for other in first):
            first.append(one)
    assert [one.id for one in kept] == [one.id for one in first]


def test_without_an_answer_or_an_end_there_is_no_row() -> None:
    nobody = case(failed=frozenset("ABC"))
    assert rows([(nobody, ()), (case("two", finished=False), ())]) == ()


def test_a_model_with_two_seats_counts_once() -> None:
    twice = case(models={"A": "lab/a", "B": "lab/a", "C": "lab/c"})
    found = row(says("ann", "reject", "A"), says("ann", "best", "C"), of=twice)
    assert found.models == ("lab/a", "lab/c")
    assert found.accepted == (False, True)


def test_two_seats_of_one_model_are_two_columns_of_outcomes() -> None:
    """For standings they stay one model: it is seated, or not."""
    twice = case(models={"A": "lab/a", "B": "lab/a", "C": "lab/c"})
    found = row(says("ann", "reject", "A"), says("ann", "accept", "B"), of=twice)
    assert found.columns == {"lab/a": False, "lab/a #2": True, "lab/c": None}
    assert rosters([found]) == ((("lab/a", "lab/a #2", "lab/c"), 1),)
    assert outcomes([found], ("lab/a #2", "lab/c")).cells.tolist() == [[1, -1]]

    refused = [says("ann", "reject", label) for label in "AC"]
    assert row(*refused, of=twice).all_rejected is None
    assert row(*refused, says("ann", "accept", "B"), of=twice).all_rejected is False
    assert row(*refused, says("ann", "reject", "B"), of=twice).all_rejected is True


def test_ballots_name_models_in_the_order_they_were_read() -> None:
    text = "B is best."
    review = Review("lab/a", "A", ("C", "A", "B"), (("B",), ("A", "C")), True, text, 1.0, None, 0)
    silent = Review("lab/b", "B", ("A", "B", "C"), (), False, "", 1.0, None, 1)
    (ballot,) = row(of=case(reviews=(review, silent))).ballots
    assert ballot.reviewer == "lab/a"
    assert ballot.ranking == (("lab/b",), ("lab/a", "lab/c"))
    assert ballot.order == ("lab/c", "lab/a", "lab/b")


def test_places_are_those_of_the_answers_in_the_thread() -> None:
    found = row(says("ann", "accept", "C", place=0), says("ann", "reject", "A", place=2))
    assert found.places == (2, None, 0)


def test_rows_that_could_stop_early_tell_nothing_of_reviewers() -> None:
    order = ("A", "B", "C", "D")
    four = {**MODELS, "D": "lab/d"}
    reviews = tuple(
        Review(model, label, order, (order,), True, "", 1.0, None, 0)
        for label, model in four.items()
    )
    assert row(of=case(models=four, reviews=reviews)).all_heard is False
    assert row(of=case(reviews=reviews[:2])).all_heard is True


def test_outcomes_are_those_of_rows_in_which_the_whole_roster_answered() -> None:
    whole, partly = case("one"), case("two", failed=frozenset("B"))
    votes = (says("ann", "accept", "A"), says("ann", "reject", "B"))
    found = outcomes(rows([(whole, votes), (partly, votes)]), ("lab/b", "lab/a", "lab/c"))
    assert found.rows == ("one",)
    assert found.models == ("lab/b", "lab/a", "lab/c")
    assert found.cells.tolist() == [[0, 1, -1]]


def test_rosters_come_with_their_rows_most_frequent_first() -> None:
    some = [(case("one"), ()), (case("two"), ()), (case("six", failed=frozenset("A")), ())]
    assert rosters(rows(some)) == ((("lab/a", "lab/b", "lab/c"), 2), (("lab/b", "lab/c"), 1))


def test_who_rated_is_said_with_every_display() -> None:
    assert str(Rated(12, 40, 3, False)) == "rated 12 of 40 questions, by 3 people"
    assert str(Rated(1, 1, 1, True)) == "rated 1 of 1 question, by one person"
    mostly = "rated 12 of 40 questions, by 3 people, more than half of them by one person"
    assert str(Rated(12, 40, 3, True)) == mostly


def test_one_person_is_behind_more_than_half_of_the_rated_rows() -> None:
    def voted(*people: str) -> Rated:
        given = [(case(str(i)), (says(p, "accept"),)) for i, p in enumerate(people)]
        return rated(rows([*given, (case("unrated"), ())]))

    assert voted("bob", "bob", "cem") == Rated(3, 4, 2, True)
    assert voted("bob", "bob", "cem", "dan") == Rated(4, 5, 3, False)


def test_of_people_that_rate_everything_together_nobody_is_behind_more_than_half() -> None:
    everybody = tuple(says(person, "accept") for person in ("bob", "cem", "dan"))
    found = rated(rows([(case(str(i)), everybody) for i in range(5)]))
    assert found == Rated(5, 5, 3, False)
    assert "more than half" not in str(found)


def test_votes_of_people_who_had_seen_the_names_are_counted_apart() -> None:
    (row,) = rows([(case(), (says("bob", "accept", blind=False), says("cem", "best")))])
    assert (row.voters, row.not_blind) == (("cem",), 1)


def test_nothing_rated_is_nobodys() -> None:
    assert rated(rows([(case(), ())])) == Rated(0, 1, 0, False)


def _reactions() -> st.SearchStrategy[list[Reaction]]:
    people, minutes = st.sampled_from(["ann", "bob", "cem"]), st.integers(0, 3)
    values: st.SearchStrategy[ReactionValue] = st.sampled_from(["accept", "reject", "best"])
    on_answers = st.builds(says, people, values, st.sampled_from("ABC"), minutes)
    nones = st.builds(says, people, st.just("none"), st.just("none"), minutes)
    return st.lists(on_answers | nones, max_size=10)


@given(_reactions(), st.randoms())
def test_the_order_of_reactions_never_matters(given: list[Reaction], random: Random) -> None:
    shuffled: Sequence[Reaction] = random.sample(given, len(given))
    one, other = row(*given), row(*shuffled)
    assert (one.accepted, one.best, one.voters) == (other.accepted, other.best, other.voters)


@given(_reactions())
def test_whatever_the_asker_picked_is_accepted(given: list[Reaction]) -> None:
    found = row(*given)
    if "ann" in {pick.person for pick in found.picks}:
        assert found.accepted[found.models.index(found.best or "")] is True
