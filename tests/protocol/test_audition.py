"""A model that answers along on audition: what it takes part in, in every mode, and what it leaves alone."""

from dataclasses import replace

import pytest

from bot.council import Council
from bot.protocol import ranking
from bot.protocol.audit import auditor
from bot.protocol.modes import MODES
from bot.protocol.pricing import planned
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, labels_shown, stage_and_seat
from tests.protocol.deliberating import final, question, run

pytestmark = pytest.mark.usefixtures("own_time")

# The last seat is that of the model on audition.
COUNCIL = Council(("lab/a", "lab/b", "lab/c", "lab/new"), "lab/chair", audition="lab/new")
NEW = 3


def test_who_is_seated_is_without_it() -> None:
    assert (COUNCIL.seated, COUNCIL.audition_seat) == (("lab/a", "lab/b", "lab/c"), 3)
    without = Council(("lab/a", "lab/b"), "lab/chair")
    assert (without.seated, without.audition_seat) == (("lab/a", "lab/b"), None)


async def test_it_is_reviewed_like_any_other_and_reviews_nothing(store: Store) -> None:
    done = await run(store, FakeProvider(), council=COUNCIL)

    result = done.deliberation
    own = next(member.label for member in result.members if member.audition)
    assert [m.model for m in result.members if m.audition] == ["lab/new"]
    assert {answer.model for answer in result.answers} == set(COUNCIL.members)
    assert own in {standing.label for standing in result.standings}
    assert done.provider.asked("review")
    assert all(own in labels_shown(each) for each in done.provider.asked("review"))
    assert own not in {review.label for review in result.reviews}
    reviewers = {stage_and_seat(each)[1] for each in done.provider.asked("review")}
    assert reviewers <= {0, 1, 2}


async def test_its_answer_may_come_first_and_stand_for_the_verdict(store: Store) -> None:
    seed = next(s for s in range(1_000) if ranking.labels(s, 4)[NEW] == "A")
    failing = {("verdict", seat): [final()] for seat in range(5)}

    done = await run(store, FakeProvider(failing), council=COUNCIL, asked=question(seed=seed))

    assert done.deliberation.standings[0].model == "lab/new"
    assert done.deliberation.verdict.fallback == "top_answer"
    assert done.deliberation.verdict.text == "The answer from seat 3."


async def test_where_the_chairman_fails_it_writes_as_the_standings_have_it(store: Store) -> None:
    """To leave out who came first would tell whose answer that is."""
    seed = next(s for s in range(1_000) if ranking.labels(s, 4)[NEW] == "A")
    failing = {("verdict", COUNCIL.chairman_seat): [final()]}

    done = await run(store, FakeProvider(failing), council=COUNCIL, asked=question(seed=seed))

    assert done.deliberation.verdict.written_by == "lab/new"


async def test_a_run_is_not_degraded_by_its_failure(store: Store) -> None:
    provider = FakeProvider({("answer", NEW): [final("no_credit")]})

    done = await run(store, provider, council=COUNCIL)

    assert not done.deliberation.degraded
    [failed] = [member for member in done.deliberation.members if member.error]
    assert (failed.model, failed.audition) == ("lab/new", True)
    assert done.deliberation.verdict.written_by == "lab/chair"


async def test_a_run_is_degraded_by_the_failure_of_a_member(store: Store) -> None:
    done = await run(store, FakeProvider({("answer", 0): [final()]}), council=COUNCIL)

    assert done.deliberation.degraded


async def test_alone_it_gives_the_verdict_and_the_members_are_missed(store: Store) -> None:
    failing = {("answer", seat): [final()] for seat in (0, 1, 2)}

    done = await run(store, FakeProvider(failing), council=COUNCIL)

    assert done.deliberation.verdict.fallback == "only_answer"
    assert done.deliberation.verdict.text == "The answer from seat 3."
    assert done.deliberation.degraded


async def test_beside_one_member_that_one_reviews(store: Store) -> None:
    council = Council(("lab/a", "lab/new"), "lab/chair", audition="lab/new")

    done = await run(store, FakeProvider(), council=council)

    assert [review.model for review in done.deliberation.reviews] == ["lab/a"]
    assert done.deliberation.standings[0].ballots == 1


async def test_the_chairman_is_told_no_letters_of_reviewers(store: Store) -> None:
    """The letter that is missing among them would be its own."""
    seed = next(s for s in range(1_000) if ranking.never_stops_early(s))

    done = await run(store, FakeProvider(), council=COUNCIL, asked=question(seed=seed))

    [request] = done.provider.asked("verdict")
    prompt = request.messages[-1].content
    assert "Critique by reviewer 1" in prompt
    assert "Critique by reviewer 3" in prompt
    assert "Critique by reviewer 4" not in prompt
    assert "the author of" not in prompt


@pytest.mark.parametrize("mode", MODES)
async def test_in_every_mode_it_answers_along_and_no_more(store: Store, mode: str) -> None:
    council = replace(COUNCIL, mode=mode)

    done = await run(store, FakeProvider(), council=council)

    seats = {stage: {stage_and_seat(r)[1] for r in done.provider.asked(stage)} for stage in _STAGES}
    answered = {answer.model for answer in done.deliberation.answers}
    assert "lab/new" in {*answered, *done.deliberation.not_asked}
    assert NEW not in seats["review"]
    assert seats["revision"] in (set(), {0, 1, 2, 3})


_STAGES = ("answer", "revision", "review", "verdict", "audit")


async def test_a_quick_council_draws_it_like_any_other(store: Store) -> None:
    """Among the first two labels as often as any seat: never to draw it would tell its label."""
    council = replace(COUNCIL, mode="quick")
    alike = FakeProvider(otherwise=lambda request: "Yes.\n\nFinal answer: yes")
    seed = next(s for s in range(1_000) if ranking.labels(s, 4)[NEW] in "AB")

    done = await run(store, alike, council=council, asked=question(seed=seed, text="Is it so?"))

    assert "lab/new" in {answer.model for answer in done.deliberation.answers}
    assert len(done.deliberation.answers) == 2


@pytest.mark.parametrize("mode", MODES)
def test_its_answer_is_priced_and_no_review_of_its(mode: str) -> None:
    council = replace(COUNCIL, mode=mode, verify=True)

    calls = [call for call in planned(council) if call.model == "lab/new"]

    assert "answer" in {call.stage for call in calls}
    assert {call.stage for call in calls} <= {"answer", "revision"}


def test_it_audits_no_verdict() -> None:
    council = Council(("lab/a", "lab/new"), "lab/chair", audit="on", audition="lab/new")

    assert auditor(council, FreeOfCharge(), writer="lab/chair") == 0
    assert auditor(council, FreeOfCharge(), writer="lab/a") is None
