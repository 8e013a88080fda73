"""From a deliberation and the votes on it to what reviewers and people each held of its answers."""

from collections.abc import Sequence
from dataclasses import replace

from bot.analysis import judged as judging
from bot.analysis.judged import Judged, seat_name
from bot.council import PERSON, Deliberation, MemberResult, Review
from bot.records import Case, Reaction
from tests.analysis.test_rows import case, says

MODELS = {"A": "lab/a", "B": "lab/b", "C": "lab/c"}


def review(label: str, *ranking: str, model: str = "", counted: bool = True) -> Review:
    groups = tuple(tuple(group) for group in ranking)
    name = model or f"lab/{label.lower()}"
    return Review(name, label, ("A", "B", "C"), groups, counted, "A review.", 1.0, None, 0)


def judged(of: Case, reactions: Sequence[Reaction]) -> Judged | None:
    return judging.judged(of.id, of.asker, result(of), reactions)


def found(*reactions: Reaction, of: Case | None = None) -> Judged:
    reviewed = of or case(reviews=(review("A", "A", "B", "C"), review("B", "BC", "A")))
    each = judged(reviewed, reactions)
    assert each is not None
    return each


def result(of: Case) -> Deliberation:
    assert of.result is not None
    return of.result


def test_an_accepted_answer_is_better_than_one_that_is_not() -> None:
    each = found(says("ann", "accept"), says("ann", "reject", "B"))
    assert each.pairs == (("lab/a", "lab/b"),)
    assert (each.asker, each.people) == ("ann", ("ann",))


def test_a_trophy_is_better_than_every_other_one_shown() -> None:
    each = found(says("ann", "best", "B"), says("ann", "accept", "C"))
    assert each.pairs == (("lab/b", "lab/a"), ("lab/b", "lab/c"))


def test_the_askers_trophy_decides_whatever_others_say() -> None:
    each = found(says("ann", "best", "B"), says("bob", "best", "A"), says("cem", "best", "A"))
    assert each.pairs == (("lab/b", "lab/a"), ("lab/b", "lab/c"))


def test_people_of_two_minds_decide_nothing() -> None:
    both = says("bob", "best", "A"), says("cem", "best", "B")
    assert judged(case(reviews=(review("A", "A", "B", "C"),)), both) is None


def test_votes_after_the_reveal_do_not_count() -> None:
    late = says("ann", "best", "B", blind=False)
    assert judged(case(reviews=(review("A", "A", "B", "C"),)), [late]) is None


def test_what_reviewers_gave_is_called_by_models() -> None:
    one, other = found(says("ann", "best", "B")).sheets
    assert (one.reviewer, dict(one.shares)) == ("lab/a", {"lab/a": 1, "lab/b": 0.5, "lab/c": 0})
    assert (other.reviewer, dict(other.shares)) == (
        "lab/b",
        {"lab/a": 0, "lab/b": 0.75, "lab/c": 0.75},
    )


def test_a_review_without_a_ballot_is_none() -> None:
    reviewed = case(reviews=(review("A", counted=False), review("B", "B", "A", "C")))
    assert [s.reviewer for s in found(says("ann", "best", "B"), of=reviewed).sheets] == ["lab/b"]
    assert judged(case(reviews=()), [says("ann", "best", "B")]) is None


def test_a_second_seat_of_one_model_has_a_number() -> None:
    models = {"A": "lab/x", "B": "lab/y", "C": "lab/x"}
    first = review("A", "A", "B", "C", model="lab/x")
    second = review("C", "C", "B", "A", model="lab/x")
    each = found(says("ann", "best", "C"), of=case(models=models, reviews=(first, second)))
    assert each.pairs == (("lab/x#2", "lab/x"), ("lab/x#2", "lab/y"))
    assert [sheet.reviewer for sheet in each.sheets] == ["lab/x", "lab/x#2"]
    assert each.sheets[1].shares["lab/x#2"] == 1


def test_a_member_that_failed_is_refused_by_nobody() -> None:
    reviewed = case(failed=frozenset("C"), reviews=(review("A", "A", "B", "C"),))
    whole = result(reviewed)
    shown = replace(whole.reviews[0], order=("A", "B"), ranking=(("A",), ("B",)))
    reviewed = replace(reviewed, result=replace(whole, reviews=(shown,)))
    assert [m.status for m in whole.members] == ["answered", "answered", "failed"]
    assert isinstance(whole.members[2], MemberResult)
    each = found(says("ann", "accept"), says("bob", "none", "none"), of=reviewed)
    assert each.pairs == (("lab/a", "lab/b"),)


def test_a_persons_answer_is_in_no_pair() -> None:
    models = {"A": "lab/a", "B": PERSON, "C": "lab/c"}
    reviewed = case(models=models, reviews=(review("A", "A", "B", "C"),))
    each = found(
        says("ann", "accept"), says("ann", "reject", "B"), says("ann", "reject", "C"), of=reviewed
    )
    assert each.pairs == (("lab/a", "lab/c"),)
    assert each.sheets[0].shares.keys() == {"lab/a", "lab/c"}


def test_seats_are_read_from_the_columns_of_outcomes() -> None:
    assert seat_name("lab/a #2") == seat_name("lab/a#2") == "lab/a#2"
    assert seat_name("lab/a") == "lab/a"
    assert seat_name("model #nine") == "model #nine"
