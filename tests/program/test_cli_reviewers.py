"""`council reviewers`: of one channel or all, or of files as `council export --csv` writes them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.council import Review
from bot.records import Case
from bot.store.store import Store
from tests.fakes.channel import MODELS, NOW, finished_case, rate
from tests.fakes.forks import Ended, Program


def knowing(case: Case, who: str, best: str) -> Case:
    """One reviewer puts the best first and the others as its ballot has them."""
    assert case.result is not None
    labels = {answer.model: answer.label for answer in case.result.answers}

    def ballot(review: Review) -> Review:
        if review.model != who:
            return review
        rest = tuple(group for group in review.ranking if group != (labels[best],))
        return replace(review, ranking=((labels[best],), *rest))

    reviews = tuple(ballot(review) for review in case.result.reviews)
    return replace(case, result=replace(case.result, reviews=reviews))


async def fill(
    database: Path, count: int, *, models: tuple[str, ...] = MODELS, askers: int = 8
) -> None:
    """Rated questions in one channel, of which `lab/c` knows the best, and one elsewhere."""
    store = await Store.open(database, holder="tests")
    for number in range(count):
        best = ("lab/a", "lab/b")[number % 2]
        case = finished_case(number, models=models, asker=f"person {number % askers}")
        case = knowing(case, "lab/c", best)
        await store.create(case)
        await rate(store, case, best=best)
    other = finished_case(count, channel="quiet")
    await store.create(other)
    await rate(store, other, best="lab/d")
    await store.close()


def refused(ended: Ended, sentence: str) -> None:
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err


async def test_a_channel_says_who_orders_answers_as_its_people_do(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 40)
    words = "reviewers", "--channel", "general"
    told = await council.run(*words, environment=environment)
    found = (await council.run(*words, "--json", environment=environment)).json

    assert told.code == 0
    assert "in 120 pairs of answers, from 40 questions, by the votes of 8 people." in told.out
    assert "**It is worth weighing reviews here:** `/council set weights on`" in told.out
    assert "Own answer" in told.out
    assert [each["reviewer"] for each in found["reviewers"]] == [*MODELS]
    knows = found["reviewers"][2]
    assert (knows["rows"], knows["pairs"], knows["agreement"]) == (40, 120, 1)
    assert knows["weight"] > 2
    assert found["weighted"]["pairs"] == found["equal"]["pairs"] == 120
    gain = found["weighted"]["right"] - found["equal"]["right"]
    assert found["gain"] == pytest.approx(gain)
    assert found["gain_low"] < found["gain"] < found["gain_high"]


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("on", "Reviews here count for their weight. `weights` has been `on` since 20 Nov 2026."),
        (
            "off",
            "With the setting `weights` at `on` reviews count for their weight, else all alike.",
        ),
    ],
)
async def test_a_channel_says_what_its_reviews_count_for(
    council: Program, database: Path, environment: dict[str, str], weights: str, says: str
) -> None:
    await fill(database, 40)
    store = await Store.open(database, holder="tests")
    await store.save_settings(
        "discord",
        "server",
        "general",
        seen_version=0,
        values={"weights": weights},
        person="ann",
        at=NOW,
        what=f"weights = {weights}",
    )
    await store.close()
    told = await council.run("reviewers", "--channel", "general", environment=environment)
    assert says in " ".join(told.out.split())
    assert "Weight" in told.out


async def test_every_channel_without_a_name(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 20)
    found = (await council.run("reviewers", "--json", environment=environment)).json
    assert (found["questions"], found["equal"]["pairs"]) == (21, 63)


async def test_what_was_exported_says_the_same_as_the_channel(
    council: Program, database: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Of seats of one model, too: here everything was rated, so that trophies add nothing."""
    await fill(database, 24, models=("lab/a", "lab/b", "lab/c", "lab/c"))
    files = []
    for what in ("ballots", "outcomes"):
        words = "export", "--csv", what, "--channel", "general"
        exported = await council.run(*words, environment=environment)
        files.append(tmp_path / f"{what}.csv")
        files[-1].write_text(exported.out)

    async def told(*words: str) -> Any:
        return (await council.run("reviewers", *words, "--json", environment=environment)).json

    of_files = await told(*map(str, files))
    of_channel = await told("--channel", "general")

    names = ["lab/a", "lab/b", "lab/c", "lab/c#2"]
    for found in (of_files, of_channel):
        assert [each["reviewer"] for each in found["reviewers"]] == names
    for one, other in zip(of_files["reviewers"], of_channel["reviewers"], strict=True):
        assert (one["pairs"], one["agreement"]) == (other["pairs"], other["agreement"])
        assert one["self_preference"] is not None
    assert of_files["equal"] == of_channel["equal"]


async def test_below_twenty_pairs_it_says_how_many_there_have_to_be(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 6)
    told = await council.run("reviewers", "--channel", "general", environment=environment)
    assert "Weights are learned from 20 such pairs on" in told.out
    assert "  Weight" not in told.out


async def test_one_persons_votes_alone_say_so(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    await fill(database, 20, askers=1)
    told = await council.run("reviewers", "--channel", "general", environment=environment)
    assert "by the votes of one person" in told.out
    assert "what weights would gain for others cannot be told" in told.out
    assert "at most a third" in told.out


async def test_a_channel_without_votes_says_what_it_takes(
    council: Program, database: Path, environment: dict[str, str]
) -> None:
    store = await Store.open(database, holder="tests")
    await store.create(finished_case(0))
    await store.close()
    told = await council.run("reviewers", environment=environment)
    assert told.code == 0
    assert "one answer was accepted and another was not" in told.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("one.csv",), "Name two files, BALLOTS.csv and OUTCOMES.csv, or none."),
        (("one.csv", "two.csv", "--channel", "general"), "told of one of them"),
        (("one.csv", "two.csv"), "one.csv cannot be read: No such file or directory."),
        (
            ("--channel", "nowhere"),
            "Nothing was asked in a channel nowhere. There are: quiet, general.",
        ),
    ],
)
async def test_what_cannot_be_told_is_refused_in_a_sentence(
    council: Program,
    database: Path,
    environment: dict[str, str],
    words: tuple[str, ...],
    sentence: str,
) -> None:
    await fill(database, 1)
    refused(await council.run("reviewers", *words, environment=environment), sentence)
