"""`council doctor` from outside: what is set, what of it works, and what to do about the rest."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import databases, processes
from tests.fakes.discord_server import running_discord
from tests.fakes.forks import CHAIRMAN, Ended, Program, environment
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.served import OnDiscord
from tests.fakes.slack_server import APP_TOKEN, BOT_TOKEN, running_slack


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


async def nowhere() -> str:
    """An address at which nothing listens any more."""
    async with ModelServer() as server:
        return server.url


def findings(ended: Ended) -> list[str]:
    assert "Traceback" not in ended.err
    return [line.strip() for line in ended.out.splitlines()]


# What is set


async def test_with_nothing_configured_it_says_that_the_models_are_simulated(
    council: Program,
) -> None:
    ended = await council.run("doctor", environment={"COUNCIL_DATABASE": "council.db"})

    assert ended.code == 0
    assert [line for line in findings(ended) if line.startswith(("✓", "✗"))] == [
        f"✓ The database {databases.place('council.db')} can be read and written."
    ]
    assert "the members are simulated and answer nothing. For real ones set OPENROUTER" in ended.out
    assert "· No platform has a token" in ended.out
    assert findings(ended)[-1] == "Nothing is broken; the models are simulated."


async def test_it_says_which_file_was_read(council: Program) -> None:
    Path(".env").write_text("COUNCIL_DATABASE=other.db\nCOUNCIL_DATABSE=x.db\n")

    ended = await council.run("doctor", environment={})

    assert f"· Read beside the environment: {Path('.env').resolve()}." in ended.out
    assert "· COUNCIL_DATABSE is no variable of this program and was ignored. Did" in ended.out
    assert "COUNCIL_DATABSE" not in ended.err
    assert "✓ The database other.db can be read and written." in ended.out


async def test_keys_that_lie_around_are_named_with_their_use_and_never_shown(
    council: Program,
) -> None:
    keys = {"OPENAI_API_KEY": "sk-secret-1", "GROQ_API_KEY": "gsk-secret-2"}
    ended = await council.run("doctor", environment={"COUNCIL_DATABASE": "c.db", **keys})

    assert (
        "· Set, and used by nothing here: OPENAI_API_KEY, GROQ_API_KEY. To ask one of these servers "
        "alone, write into .env COUNCIL_MODEL_URL=https://api.openai.com/v1 and, as "
        "COUNCIL_MODEL_KEY, the key in OPENAI_API_KEY. To ask them beside others: "
        "COUNCIL_ENDPOINTS=openai=https://api.openai.com/v1;key=OPENAI_API_KEY,"
        "groq=https://api.groq.com/openai/v1;key=GROQ_API_KEY and members like openai/MODEL."
    ) in findings(ended)
    assert "secret" not in ended.out + ended.err


async def test_an_environment_that_cannot_be_used_is_its_own_exit_code(council: Program) -> None:
    ended = await council.run("doctor", environment={"COUNCIL_DAILY_BUDGET_USD": "lots"})

    assert ended.code == 2
    assert "- COUNCIL_DAILY_BUDGET_USD must be US dollars a day" in ended.err


# The models


async def test_a_healthy_council_is_found_so(council: Program, server: ModelServer) -> None:
    ended = await council.run("doctor", environment=environment(server))

    assert ended.code == 0
    assert f"✓ The database {databases.place('council.db')} can be read and written." in ended.out
    assert f"✓ {server.url} lists its models." in ended.out
    assert (
        f"· Questions and answers go to {server.url}, on this machine or in its own network."
        in ended.out
    )
    for model in ("lab/a", "lab/b", "lab/c", "lab/d", CHAIRMAN):
        assert f"✓ {model} answers." in ended.out
    assert "✗" not in ended.out
    assert findings(ended)[-1] == "Nothing is broken."


@pytest.mark.sqlite_only("a folder that is not there")
async def test_every_fault_is_found_at_once(council: Program) -> None:
    behaviours = {"lab/a": "no_credit", "lab/b": "hang"}
    async with ModelServer(behaviours=behaviours) as server:
        here = environment(
            server,
            COUNCIL_MEMBERS="lab/a,lab/b,lab/c,labb/d",
            COUNCIL_DATABASE="no/where.db",
            COUNCIL_TIME_SCALE="0.02",
        )
        ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert "✗ There is no folder" in ended.out
    assert "✗ lab/a: the account has no credit left" in ended.out
    assert "✗ lab/b does not answer in time." in ended.out
    assert "✓ lab/c answers." in ended.out
    assert "✗ labb/d is not in the list of models. Did you mean lab/d" in ended.out
    assert findings(ended)[-1] == "4 things have to be mended: ✗ above."


async def test_a_model_that_is_not_listed_may_answer_all_the_same(council: Program) -> None:
    async with ModelServer(entries=[{"id": "lab/b"}]) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a", COUNCIL_CHAIRMAN="lab/b")
        ended = await council.run("doctor", environment=here)

    assert ended.code == 0
    assert "✓ lab/a answers, though its server does not list it." in findings(ended)
    assert "✓ lab/b answers." in findings(ended)


async def test_models_without_a_price_are_named_with_how_they_count(council: Program) -> None:
    entries = [{"id": "lab/a", "pricing": {"prompt": "-1", "completion": "-1"}}]
    async with ModelServer(entries=entries) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a", COUNCIL_CHAIRMAN="lab/a")
        at_home = await council.run("doctor", environment=here)
        ended = await council.run("doctor", environment={**here, "COUNCIL_UNKNOWN_PRICE": "5,2.5"})

    assert (
        "· No price is told for lab/a: on a server at home they count as free. "
        "COUNCIL_UNKNOWN_PRICE changes that."
    ) in findings(at_home)
    assert ended.code == 0
    assert (
        "· Nobody tells the price of lab/a: budgets count $5 / $2.5 per million tokens. "
        "COUNCIL_UNKNOWN_PRICE changes that."
    ) in findings(ended)


async def test_a_refused_key_is_one_finding(council: Program, server: ModelServer) -> None:
    here = environment(server, COUNCIL_MODEL_KEY="sk-wrong")

    ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    refused = f"✗ No model at {server.url} can be asked: the provider does not accept the key"
    assert ended.out.count(refused) == 1
    assert "sk-wrong" not in ended.out + ended.err


@pytest.mark.parametrize("wrong", ["", "/v1/chat/completions", "/v1/models", "/api"])
async def test_an_address_that_is_almost_right_is_corrected(council: Program, wrong: str) -> None:
    async with ModelServer(key=None) as server:
        url = server.url.removesuffix("/v1")
        here = {"COUNCIL_MODEL_URL": url + wrong, "COUNCIL_DATABASE": "council.db"}
        ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert (
        f"✗ A model server answers at {url}/v1, not at {url}{wrong}: set COUNCIL_MODEL_URL={url}/v1."
    ) in findings(ended)
    assert ended.out.endswith("\n1 thing has to be mended: ✗ above.\n")


async def test_a_further_endpoint_is_corrected_by_its_name(
    council: Program, server: ModelServer
) -> None:
    url = server.url.removesuffix("/v1")
    here = environment(
        server, COUNCIL_ENDPOINTS=f"home={url};key=LAB_KEY", LAB_KEY=server.key or ""
    )

    ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert f"not at {url}: set COUNCIL_ENDPOINTS=home={url}/v1." in ended.out


@pytest.mark.parametrize("members", ["", "lab/a,lab/b"])
async def test_without_a_network_the_rest_is_told(council: Program, members: str) -> None:
    url = await nowhere()
    here = {
        "COUNCIL_MODEL_URL": url,
        "COUNCIL_DATABASE": "council.db",
        "COUNCIL_MEMBERS": members,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": url,
    }
    ended = await council.run("doctor", environment=here)

    assert ended.code == 1
    assert f"✓ The database {databases.place('council.db')} can be read and written." in ended.out
    told = (
        "✗ No model at {} can be asked"
        if members
        else "✗ COUNCIL_MEMBERS names nobody, and {} gives"
    )
    assert ended.out.count(told.format(url)) == 1
    assert "✗ Slack cannot be reached" in ended.out
    assert ended.out.count("the provider cannot be reached") == (2 if members else 1)


@pytest.mark.parametrize(
    ("environment", "told", "sent"),
    [
        (
            {},
            "do not store them (data_collection: deny).",
            {"data_collection": "deny"},
        ),
        (
            {"COUNCIL_ZDR": "on"},
            "keep nothing (zdr: on, data_collection: deny).",
            {"data_collection": "deny", "zdr": True},
        ),
    ],
)
async def test_openrouter_is_told_to_keep_nothing_and_the_doctor_says_so(
    council: Program, environment: dict[str, str], told: str, sent: dict[str, object]
) -> None:
    here = {"OPENROUTER_API_KEY": "sk-or-1", "COUNCIL_DATABASE": "council.db"}
    async with ModelServer(openrouter=True) as server:
        given = {**here, "COUNCIL_ENDPOINTS": f"or={server.url};key=LAB_KEY;openrouter"}
        given |= {"COUNCIL_MODEL_URL": server.url, "LAB_KEY": server.key or ""}
        given |= {"COUNCIL_MODEL_KEY": server.key or "", "COUNCIL_MEMBERS": "or/lab/a"}
        ended = await council.run("doctor", environment=given | environment)
        (received,) = [one for one in server.requests if one.model == "lab/a"]

    assert (
        f"· Questions and answers go to {server.url}, which may pass them only to providers that "
        + told
    ) in findings(ended)
    routing = json.loads(received.body)["provider"]
    assert {name: routing.get(name) for name in sent} == sent


@pytest.mark.parametrize("lines", [1, 7, 9])
async def test_whoever_has_read_enough_ends_it_in_order(server: ModelServer, lines: int) -> None:
    shell = f"{sys.executable} -m bot doctor | head -{lines}; exit ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", shell),
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(processes.ROOT), **environment(server)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()

    assert process.returncode == 0
    assert len(out.splitlines()) == lines
    assert err == b""


async def test_a_model_is_asked_anew_each_time_and_not_its_providers_memory(
    council: Program,
) -> None:
    async with ModelServer(openrouter=True) as server:
        here = {
            "COUNCIL_ENDPOINTS": f"or={server.url};key=LAB_KEY;openrouter",
            "LAB_KEY": server.key or "",
            "COUNCIL_MEMBERS": "or/lab/a",
            "COUNCIL_DATABASE": "council.db",
        }
        for __ in range(2):
            ended = await council.run("doctor", environment=here)
            assert "✓ or/lab/a answers." in findings(ended)
        assert [received.outcome for received in server.requests] == ["ok", "ok"]


# Money


async def test_what_asking_costs_is_booked(council: Program) -> None:
    prices = {"prompt": "0.000001", "completion": "0.00001"}
    entries = [{"id": model, "pricing": prices} for model in ("lab/a", "lab/b")]
    behaviours = {"lab/a": Behaviour(cost="usage"), "lab/b": Behaviour(do="empty")}
    async with ModelServer(entries=entries, behaviours=behaviours) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a,lab/b", COUNCIL_CHAIRMAN="lab/a")
        ended = await council.run("doctor", environment=here)

    ((spent,),) = processes.rows("SELECT spent_micros FROM spending WHERE scope = 'all'")
    assert spent > 0
    assert f"· Asking them counts ${spent / 1e6:.4f} of today's budget." in findings(ended)


async def test_no_model_is_asked_past_the_budget(council: Program) -> None:
    prices = {"prompt": "0.000001", "completion": "0.00001"}
    async with ModelServer(entries=[{"id": "lab/a", "pricing": prices}]) as server:
        here = environment(server, COUNCIL_MEMBERS="lab/a", COUNCIL_CHAIRMAN="lab/a")
        ended = await council.run("doctor", environment={**here, "COUNCIL_DAILY_BUDGET_USD": "0"})

    assert server.requests == []
    assert ended.code == 0
    assert "· Budget: $0.00 a day over all channels." in findings(ended)
    assert (
        "· Today's budget is spent; what it limits is asked again after midnight UTC."
        in findings(ended)
    )
    assert "· The models were not asked for a word" in ended.out


# The database


@pytest.mark.sqlite_only("a file is damaged")
@pytest.mark.parametrize("page", range(1, 8))
async def test_a_damaged_database_is_found(
    council: Program, server: ModelServer, page: int
) -> None:
    await council.run("ask", "Why?", environment=environment(server))
    damage(Path("council.db"), page)

    ended = await council.run("doctor", environment=environment(server))

    assert ended.code == 1
    assert "is damaged" in ended.out


def damage(database: Path, page: int) -> None:
    with database.open("r+b") as file:
        file.seek(page * 4_096)
        file.write(b"\xff" * 4_096)


@pytest.mark.sqlite_only("several processes may write to a server's database")
async def test_the_doctor_comes_while_the_council_works(council: Program) -> None:
    prices = {"prompt": "0.000001", "completion": "0.00001"}
    entries = [{"id": f"lab/{name}", "pricing": prices} for name in "abcde"]
    async with ModelServer(entries=entries, behaviours={"lab/b": ["hang", "ok"]}) as server:
        here = environment(server)
        working = await processes.council("ask", "Why?", environment=here)
        await server.until(lambda: len(server.requests) == 4)
        try:
            ended = await council.run("doctor", environment=here)
        finally:
            await processes.end(working)

    assert ended.code == 0
    assert "✓ The database council.db can be read; a running Council writes to it." in ended.out
    assert "which no budget counts: the database cannot be written now." in ended.out


# Platforms


async def test_one_platform_that_cannot_be_reached_leaves_the_other_checked(
    server: ModelServer,
) -> None:
    gone = await nowhere()
    async with running_discord(time_scale=0.01) as discord:
        served = OnDiscord(discord)
        slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_API_URL": gone}
        here = environment(server, COUNCIL_TIME_SCALE="0.01", **served.variables, **slack)
        process = await processes.council("doctor", environment=here, module=served.module)
        out, err = await process.communicate()

    assert process.returncode == 1
    told = out.decode()
    assert "✓ Discord accepts the token: this is Council." in told
    assert "everything is permitted in 1 channel." in told
    assert told.count("✗") == told.count("✗ Slack cannot be reached") + 1 == 2
    assert b"Traceback" not in err


async def test_what_a_platforms_tokens_may_do_is_checked(
    council: Program, server: ModelServer
) -> None:
    async with running_slack(time_scale=0.01, deadline_scale=1) as slack:
        here = environment(
            server,
            SLACK_BOT_TOKEN=BOT_TOKEN,
            SLACK_APP_TOKEN=APP_TOKEN,
            SLACK_API_URL=slack.api_url,
            COUNCIL_TIME_SCALE="0.01",
        )
        ended = await council.run("doctor", environment=here)

    assert ended.code == 0
    assert "✓ Slack accepts the bot's token: council in council-test." in findings(ended)
    assert "No platform has a token" not in ended.out
