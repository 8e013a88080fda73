"""`council costs`: what was spent, by day, channel and model, and where each sum comes from."""

from collections.abc import Iterator

import pytest

from tests.fakes.forks import Program, program
from tests.fakes.model_server import ModelServer


@pytest.fixture
def council() -> Iterator[Program]:
    with program() as running:
        yield running


async def test_costs_are_told_by_what_they_rest_on(council: Program) -> None:
    """One member tells what it cost, one tells nothing, and nobody knows the price of a third."""
    unpriced = {"id": "lab/x", "pricing": {"prompt": "-1", "completion": "-1"}}
    priced = [
        {"id": id, "pricing": {"prompt": "0.00000125", "completion": "0.00001"}}
        for id in ("lab/a", "lab/b")
    ]
    silent = {"do": "ok", "usage": False}
    async with ModelServer(
        entries=[unpriced, *priced],
        behaviours={"lab/b": silent, "lab/x": {"do": "ok", "cost": ""}},
    ) as server:
        environment = {
            "COUNCIL_MODEL_URL": server.url,
            "COUNCIL_MODEL_KEY": str(server.key),
            "COUNCIL_MEMBERS": "lab/a,lab/b,lab/x",
            "COUNCIL_CHAIRMAN": "lab/a",
            "COUNCIL_UNKNOWN_PRICE": "5,25",
            "COUNCIL_DATABASE": "council.db",
        }
        asked = await council.run("ask", "Is it right?", "--json", environment=environment)
        told = await council.run("costs", "--by", "model", "--json", environment=environment)
        page = await council.run("costs", environment=environment)

    rows = {row.pop("model"): row for row in told.json["rows"]}
    assert set(rows) == {"lab/a", "lab/b", "lab/x"}
    kinds = {model: {kind for kind, usd in row.items() if usd} for model, row in rows.items()}
    assert kinds == {
        "lab/a": {"provider_usd"},
        "lab/b": {"estimated_usd"},
        "lab/x": {"assumed_usd"},
    }
    cost = asked.json["cost"]
    assert told.json["total"] == cost
    assert asked.json["cost_usd"] == round(cost["provider_usd"] + cost["estimated_usd"], 9)
    assert "of it estimated, $" in asked.err
    assert " more assumed) · " in asked.err
    assert "Estimated" in page.out


async def test_nothing_spent_is_said(council: Program) -> None:
    simulated = {"COUNCIL_DATABASE": "council.db", "COUNCIL_TIME_SCALE": "0.01"}
    await council.run("ask", "Is it right?", environment=simulated)

    told = await council.run("costs", "--by", "channel", environment=simulated)

    assert told.out.strip() == "Nothing was spent."
