"""`council ask --file` with images from outside: what the models get, what is kept, what it costs."""

import base64
from pathlib import Path

import pytest

from tests.fakes import databases
from tests.fakes.forks import CHAIRMAN, KILLED, MEMBERS, Kill, Program, environment
from tests.fakes.model_server import ModelServer, Received
from tests.fakes.pictures import photo, picture
from tests.fakes.refusals import Refusal
from tests.fakes.seeing import image_in, images_of

QUESTION = "What is wrong here?"
SEEING = ("lab/a", "lab/c", CHAIRMAN)


def openrouter(server: ModelServer, **more: str) -> dict[str, str]:
    """The same endpoint with OpenRouter's fields, headers and lists."""
    endpoint = f"router={server.url};key=COUNCIL_MODEL_KEY;openrouter"
    return environment(
        server,
        COUNCIL_ENDPOINTS=endpoint,
        COUNCIL_MEMBERS=",".join(f"router/{model}" for model in MEMBERS),
        COUNCIL_CHAIRMAN=f"router/{CHAIRMAN}",
        **more,
    )


def taken_along(tmp_path: Path, data: bytes | None = None) -> tuple[str, ...]:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo() if data is None else data)
    return "ask", QUESTION, "--json", "--file", str(path)


def images(request: Received) -> list[str]:
    return images_of(request.json["messages"])


async def test_members_that_see_get_the_image_and_the_others_are_told(
    council: Program, tmp_path: Path
) -> None:
    async with ModelServer(openrouter=True, seeing=SEEING) as server:
        ended = await council.run(*taken_along(tmp_path), environment=openrouter(server))

    assert ended.code == 0, ended.err
    assert server.refused == []
    assert {r.outcome for r in server.requests} == {"ok"}
    [shown] = {address for request in server.requests for address in images(request)}
    assert image_in(shown).size == (64, 48)  # upright, and it says nothing of where it was taken
    for request in server.requests:
        assert len(images(request)) == (request.model in SEEING)
        blind = "You cannot see the images" in request.json["messages"][0]["content"]
        assert blind == (request.model not in SEEING)
    [found] = ended.json["evidence"]
    assert (found["kind"], found["name"], found["read"]) == ("image", "photo.jpg", True)
    labels = {member["label"]: member["model"] for member in ended.json["members"]}
    assert {labels[label] for label in found["seen_by"]} == {"router/lab/a", "router/lab/c"}
    assert {labels[label] for label in found["unseen_by"]} == {"router/lab/b", "router/lab/d"}
    assert "The council was shown the attached image: `photo.jpg`." in ended.err
    assert "2 of 4 members can see images; the others were told that some came along." in ended.err


@pytest.mark.parametrize("words", ["vllm", "llama.cpp", "deepseek", "lm_studio", "groq"])
async def test_where_no_list_says_who_sees_a_refusal_does_and_costs_nothing(
    council: Program, tmp_path: Path, words: str
) -> None:
    async with ModelServer(seeing=("lab/a", "lab/b"), blind=words) as server:
        ended = await council.run(*taken_along(tmp_path), environment=environment(server))

    assert ended.code == 0, ended.err
    assert ended.json["degraded"] is False
    assert ended.json["verdict"]["fallback"] is None
    refused = [r for r in server.requests if r.outcome == "refused_form"]
    # Once each, however often it is asked.
    assert sorted(r.model for r in refused) == sorted(("lab/c", "lab/d", CHAIRMAN))
    assert sum(r.bill_micros for r in refused) == 0
    taken = [r for r in server.requests if r.outcome == "ok"]
    assert taken
    assert all(len(images(r)) == (r.model in ("lab/a", "lab/b")) for r in taken)
    assert len(ended.json["evidence"][0]["unseen_by"]) == 2
    assert "2 of 4 members can see images" in ended.err


async def test_what_is_kept_for_a_repeat_holds_no_image_and_nothing_is_paid_twice(
    council: Program, tmp_path: Path
) -> None:
    database = str(tmp_path / "killed.db")
    noise = picture("JPEG", (600, 400), noise=True)
    async with ModelServer(openrouter=True) as server:
        here = openrouter(server, COUNCIL_DATABASE=database)
        killed = await council.run(
            *taken_along(tmp_path, noise), environment=here, kill=Kill(15, made=True)
        )
        assert killed.code == KILLED
        finished = databases.rows(database, "SELECT stage, model FROM calls")
        bodies = [body for (body,) in databases.rows(database, "SELECT body FROM attempts") if body]
        other = picture("JPEG").ljust(len(noise), b"\0")  # another one since
        ended = await council.run(*taken_along(tmp_path, other), environment=here)

    assert ended.code == 0, ended.err
    assert "Going on where an earlier run was interrupted." in ended.err
    assert bodies
    assert all(len(body) < 10_000 for body in bodies)
    assert len({address for request in server.requests for address in images(request)}) == 1
    for stage, model in finished:
        short = model.removeprefix("router/")
        paid = [r for r in server.requests if (r.stage, r.model) == (stage, short) and r.billed]
        assert len(paid) == 1, (stage, model)
    [(kept,)] = databases.rows(database, "SELECT image FROM exhibits")
    assert base64.b64encode(kept).decode() in images(server.requests[0])[0]


async def test_a_model_without_room_for_an_image_is_asked_without_it(
    council: Program, tmp_path: Path
) -> None:
    large = picture("JPEG", (1_568, 1_568))
    small = Refusal("length", "llama.cpp", context=1_900)
    async with ModelServer(refusals=[small]) as server:
        ended = await council.run(*taken_along(tmp_path, large), environment=environment(server))

    assert ended.code == 0, ended.err
    assert ended.json["degraded"] is False
    assert not any(images(r) for r in server.requests if r.outcome == "ok")
    assert "None of the members can see images" in ended.err


async def test_a_budget_holds_with_images(council: Program, tmp_path: Path) -> None:
    large = picture("JPEG", (1_568, 1_568), noise=True)
    async with ModelServer(openrouter=True) as server:
        here = openrouter(server, COUNCIL_DAILY_BUDGET_USD="0.80", COUNCIL_DATABASE="rich.db")
        ended = await council.run(*taken_along(tmp_path, large), environment=here)
        billed = sum(r.bill_micros for r in server.requests)
        assert ended.code == 0, ended.err
        # Each call read its tokens: four answers and reviews, of which one may not be waited for.
        assert 8 * 1_600 * 1.25 < billed < 800_000
        poor = openrouter(server, COUNCIL_DAILY_BUDGET_USD="0.02", COUNCIL_DATABASE="poor.db")
        before = len(server.requests)
        refused = await council.run(*taken_along(tmp_path, large), environment=poor)

    assert refused.code == 1
    assert len(server.requests) == before


async def test_hostile_images_are_told_of_and_the_question_is_answered(
    council: Program, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(picture()[:60])
    async with ModelServer() as server:
        ended = await council.run(
            "ask", QUESTION, "--json", "--file", str(torn), environment=environment(server)
        )
    assert ended.code == 0, ended.err
    assert "⚠ `torn.png` was not read. It is damaged." in ended.err
    assert not any(images(request) for request in server.requests)
