"""A provider that keeps failing, over hundreds of questions."""

from tests.bench.faults import figures


async def test_where_a_ninth_of_all_attempts_fail_questions_are_answered_all_the_same(
    full: bool,
) -> None:
    found = await figures(300 if full else 100)

    assert found.failed_requests / found.requests > 0.09
    assert found.with_verdict / found.questions >= 0.995
    assert found.complete / found.questions >= 0.95
