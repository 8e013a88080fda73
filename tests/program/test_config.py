"""The environment: what it may say, what is wrong with it, and that no secret shows."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidConfiguration
from bot.program.config import VARIABLES, load
from bot.program.endpoints import KNOWN_SERVERS, EndpointSettings
from bot.program.env_file import find_env_file
from bot.store.server import Server

ENV_EXAMPLE = Path(__file__).parents[2] / ".env.example"
ASSIGNMENT = re.compile(r"^#([A-Z_]+)=", re.MULTILINE)

CONTRACT = {
    "OPENROUTER_API_KEY",
    "COUNCIL_MODEL_URL",
    "COUNCIL_MODEL_KEY",
    "COUNCIL_ENDPOINTS",
    "COUNCIL_MEMBERS",
    "COUNCIL_AT_ONCE",
    "COUNCIL_CHANNEL_BUDGET_USD",
    "COUNCIL_PERSON_BUDGET_USD",
    "COUNCIL_CHAIRMAN",
    "COUNCIL_DATABASE",
    "COUNCIL_DAILY_BUDGET_USD",
    "COUNCIL_UNKNOWN_PRICE",
    "COUNCIL_ADMINS",
    "COUNCIL_ALLOWED",
    "DISCORD_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
    "COUNCIL_HTTP_PORT",
    "COUNCIL_HTTP_HOST",
    "COUNCIL_HEALTH_PORT",
    "COUNCIL_LOG",
    "COUNCIL_TIME_SCALE",
    "COUNCIL_RETENTION_DAYS",
    "COUNCIL_ZDR",
    "COUNCIL_DATA_COLLECTION",
}


def problems_of(environment: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(InvalidConfiguration) as caught:
        load(environment, env_file)
    return caught.value.problems


def test_the_program_reads_the_variables_of_the_contract() -> None:
    assert set(VARIABLES) == CONTRACT


def test_the_example_lists_every_variable_once() -> None:
    assert sorted(ASSIGNMENT.findall(ENV_EXAMPLE.read_text())) == sorted(CONTRACT)


def test_the_example_is_right_with_every_line_in_use(tmp_path: Path) -> None:
    text = ASSIGNMENT.sub(r"\1=", ENV_EXAMPLE.read_text())
    env_file = tmp_path / ".env"
    env_file.write_text(text.replace("_KEY=\n", "_KEY=k\n"))
    assert load({}, env_file).warnings == ()


def test_an_empty_environment_rehearses() -> None:
    config = load({}, None)
    assert config.rehearsal
    assert config.endpoints() == ()


def test_the_process_environment_is_read_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COUNCIL_LOG", "json")
    assert load(env_file=None).log == "json"


def test_an_empty_value_counts_as_not_set(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("COUNCIL_LOG=json\n")
    config = load({"COUNCIL_LOG": " ", "COUNCIL_TIME_SCALE": ""}, env_file)
    assert (config.log, config.time_scale) == ("json", 1.0)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("COUNCIL_CHAIRMAN=lab/a\nCOUNCIL_LOG=json\n")
    config = load({"COUNCIL_CHAIRMAN": "lab/b"}, env_file)
    assert (config.chairman, config.log) == ("lab/b", "json")


def test_a_missing_file_is_no_problem(tmp_path: Path) -> None:
    assert load({}, tmp_path / ".env").rehearsal


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / ".env").touch()
    Path(".env").unlink()
    return folder


def test_the_file_of_the_working_folder_is_read_and_not_the_checkouts(checkout: Path) -> None:
    Path(".env").touch()
    assert find_env_file(checkout) == Path(".env")


def test_without_one_there_the_checkouts_is_read(checkout: Path) -> None:
    assert find_env_file(checkout) == checkout / ".env"


def test_a_folder_of_that_name_is_no_such_file(checkout: Path) -> None:
    Path(".env").mkdir()
    assert find_env_file(checkout) == checkout / ".env"


def test_what_lies_among_installed_packages_is_not_read(checkout: Path) -> None:
    (checkout / "pyproject.toml").unlink()
    assert find_env_file(checkout) is None


def test_keys_of_known_servers_that_nothing_uses_are_found() -> None:
    environment = {
        "OPENAI_API_KEY": "sk-1",
        "ANTHROPIC_API_KEY": "sk-2",
        "GEMINI_API_KEY": "g",
        "GOOGLE_API_KEY": "g",
        "GROQ_API_KEY": "gsk",
        "MISTRAL_API_KEY": "",
        "HF_API_KEY": "hf",
        "COUNCIL_MODEL_URL": "https://api.openai.com/v1",
        "COUNCIL_MODEL_KEY": "sk-1",
        "COUNCIL_ENDPOINTS": "groq=https://api.groq.com/openai/v1;key=GROQ_API_KEY",
    }
    assert load(environment).unused_keys == ("ANTHROPIC_API_KEY", "GEMINI_API_KEY")


@pytest.mark.parametrize("variable", KNOWN_SERVERS)
def test_a_known_server_can_be_set_as_an_endpoint(variable: str) -> None:
    name, url = KNOWN_SERVERS[variable]
    entry = f"{name}={url};key={variable}"
    config = load({"COUNCIL_ENDPOINTS": entry, variable: "k"})
    assert config.endpoints() == (EndpointSettings(name, url, "k"),)
    assert (config.warnings, config.unused_keys) == ((), ())


def test_openrouter_is_the_default_endpoint_of_its_key() -> None:
    config = load({"OPENROUTER_API_KEY": "sk-or-1"}, None)
    assert not config.rehearsal
    assert config.endpoints() == (
        EndpointSettings("", "https://openrouter.ai/api/v1", "sk-or-1", openrouter=True),
    )


def test_another_server_wins_over_openrouter_and_never_gets_its_key() -> None:
    config = load(
        {"OPENROUTER_API_KEY": "sk-or-1", "COUNCIL_MODEL_URL": "http://127.0.0.1:8000/v1/"}, None
    )
    assert config.endpoints() == (
        EndpointSettings("", "http://127.0.0.1:8000/v1", None, openrouter=False),
    )


@pytest.mark.parametrize("host", ["openrouter.ai", "eu.openrouter.ai", "us.openrouter.ai"])
def test_an_address_at_openrouter_speaks_its_dialect_with_its_key(host: str) -> None:
    url = f"https://{host}/api/v1"
    config = load({"OPENROUTER_API_KEY": "sk-or-1", "COUNCIL_MODEL_URL": url}, None)
    assert config.endpoints() == (EndpointSettings("", url, "sk-or-1", openrouter=True),)


@pytest.mark.parametrize("host", ["openrouter.ai.example.com", "notopenrouter.ai"])
def test_a_host_that_only_looks_like_openrouter_is_another_server(host: str) -> None:
    url = f"https://{host}/v1"
    config = load({"OPENROUTER_API_KEY": "sk-or-1", "COUNCIL_MODEL_URL": url}, None)
    assert config.endpoints() == (EndpointSettings("", url, None, openrouter=False),)


def test_further_endpoints_take_their_keys_from_other_variables(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("GROQ_API_KEY=gsk-1\n")
    config = load(
        {
            "COUNCIL_ENDPOINTS": "ollama=http://localhost:11434/v1, "
            "groq=https://groq.example/v1;key=GROQ_API_KEY,"
            "proxy=https://proxy.example/v1;openrouter"
        },
        env_file,
    )
    assert not config.rehearsal
    assert config.endpoints() == (
        EndpointSettings("ollama", "http://localhost:11434/v1"),
        EndpointSettings("groq", "https://groq.example/v1", "gsk-1"),
        EndpointSettings("proxy", "https://proxy.example/v1", None, openrouter=True),
    )


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        (
            "groq=https://groq.example/v1;key=GROQ_API_KEY",
            "COUNCIL_ENDPOINTS, entry 1: `groq` takes its key from GROQ_API_KEY, which is not set.",
        ),
        (
            "groq=https://groq.example/v1;key=gsk-sEcReT",
            "COUNCIL_ENDPOINTS, entry 1: `groq` needs the name of a variable after key=, "
            "for example GROQ_API_KEY.",
        ),
        (
            "groq=https://groq.example/v1;sEcReT",
            "COUNCIL_ENDPOINTS, entry 1: `groq` can be followed by ;key=NAME and ;openrouter only.",
        ),
        (
            "a=http://a.example,a=http://b.example",
            "COUNCIL_ENDPOINTS, entry 2: `a` is the name of an earlier one.",
        ),
        (
            "ollama=localhost:11434",
            "COUNCIL_ENDPOINTS, entry 1: `ollama` needs a plain http or https address, "
            "for example ollama=http://localhost:11434/v1.",
        ),
        (
            "http://localhost:11434/v1",
            "COUNCIL_ENDPOINTS, entry 1: write name=URL, "
            "for example ollama=http://localhost:11434/v1.",
        ),
    ],
)
def test_a_wrong_endpoint_is_named_and_explained(entries: str, problem: str) -> None:
    assert problems_of({"COUNCIL_ENDPOINTS": entries}) == (problem,)


def test_the_key_of_an_endpoint_is_checked_and_never_quoted() -> None:
    environment = {"COUNCIL_ENDPOINTS": "a=http://a.example;key=A_KEY", "A_KEY": "sEc ReT"}
    assert problems_of(environment) == (
        "COUNCIL_ENDPOINTS, entry 1: A_KEY must be a key, without spaces.",
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("COUNCIL_TIME_SCALE", "0", "a number above 0, for example 0.1"),
        ("COUNCIL_TIME_SCALE", "nan", "a number above 0, for example 0.1"),
        ("COUNCIL_TIME_SCALE", "fast", "a number above 0, for example 0.1"),
        ("COUNCIL_LOG", "xml", "text or json"),
        ("COUNCIL_HTTP_PORT", "65536", "a port from 1 to 65535, for example 8080"),
        (
            "COUNCIL_DAILY_BUDGET_USD",
            "-1",
            "US dollars a day, for example 2.50, or the word unlimited",
        ),
        (
            "COUNCIL_DAILY_BUDGET_USD",
            "inf",
            "US dollars a day, for example 2.50, or the word unlimited",
        ),
        ("COUNCIL_CHAIRMAN", "lab/a, lab/b", "one model id, for example openai/gpt-5.1"),
        (
            "COUNCIL_MEMBERS",
            "lab/a," * 21,
            "1 to 20 model ids separated by commas, "
            "for example openai/gpt-5.1,mistralai/mistral-large",
        ),
        (
            "COUNCIL_MODEL_URL",
            "localhost:11434",
            "the plain http or https base of an OpenAI-compatible server, "
            "for example http://localhost:11434/v1",
        ),
        (
            "SLACK_API_URL",
            "http://user:sEcReT@slack.example/api",
            "a plain http or https address, for example https://slack.com/api",
        ),
        (
            "COUNCIL_DATABASE",
            "~nobody-of-that-name/c.db",
            "the path of a file, for example council.db, or postgresql://USER:PASSWORD@HOST/DATABASE",
        ),
        (
            "OPENROUTER_API_KEY",
            "http://localhost:11434/v1",
            "a key of OpenRouter (sk-or-v1-...), without spaces",
        ),
        ("DISCORD_TOKEN", "https://discord.example/sEcReT", "the bot's token, without spaces"),
        ("DISCORD_TOKEN", "sEc ReT", "the bot's token, without spaces"),
        ("OPENROUTER_API_KEY", "sEc\nReT", "a key of OpenRouter (sk-or-v1-...), without spaces"),
        (
            "SLACK_API_URL",
            "http://user:sEcReT",
            "a plain http or https address, for example https://slack.com/api",
        ),
        (
            "SLACK_API_URL",
            "http://a:99999/",
            "a plain http or https address, for example https://slack.com/api",
        ),
    ],
)
def test_a_wrong_value_is_answered_with_a_right_one(name: str, value: str, problem: str) -> None:
    assert problems_of({name: value}) == (f"{name} must be {problem}.",)


def test_a_server_s_database_is_told_without_its_password() -> None:
    config = load({"COUNCIL_DATABASE": "postgresql://u:sEcReT@db/council"}, None)
    assert config.database_place() == Server("postgresql://u:sEcReT@db/council")
    assert "sEcReT" not in f"{config!r} {config} {config.database}"


def test_an_address_of_a_server_that_cannot_be_read_is_not_quoted() -> None:
    for url in ("postgresql://u:sEc@ReT@db/council", "postgres://u:sEc/ReT@db/council"):
        assert problems_of({"COUNCIL_DATABASE": url}) == (
            "COUNCIL_DATABASE cannot be read. It is written "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE; signs such as @, / and % in a password "
            "are written as %40, %2F and %25.",
        )


def test_what_was_typed_is_beside_the_database_or_in_the_user_s_folder(tmp_path: Path) -> None:
    file, server = str(tmp_path / "x.db"), "postgresql://db/council"
    names = [load({"COUNCIL_DATABASE": each}, None).history_file() for each in (file, server)]
    assert names == [tmp_path / "x.history", tmp_path / "data" / "council" / "council.history"]


SLACK_NEEDS = (
    "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (xapp-...) beside it, or else "
    "SLACK_SIGNING_SECRET and COUNCIL_HTTP_PORT."
)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, SLACK_NEEDS),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, SLACK_NEEDS),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "COUNCIL_HTTP_PORT": "80"}, SLACK_NEEDS),
        (
            {"SLACK_APP_TOKEN": "xapp-1"},
            "SLACK_APP_TOKEN has no use without SLACK_BOT_TOKEN (xoxb-...).",
        ),
        (
            {"SLACK_SIGNING_SECRET": "s"},
            "SLACK_SIGNING_SECRET has no use without SLACK_BOT_TOKEN (xoxb-...).",
        ),
        (
            {"COUNCIL_MODEL_KEY": "k"},
            "COUNCIL_MODEL_KEY has no use without COUNCIL_MODEL_URL, "
            "for example http://localhost:11434/v1.",
        ),
    ],
)
def test_what_is_half_configured_is_named(environment: dict[str, str], problem: str) -> None:
    assert problems_of(environment) == (problem,)


@pytest.mark.parametrize(
    "environment",
    [
        {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"},
        {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "COUNCIL_HTTP_PORT": "80"},
    ],
)
def test_slack_works_over_a_socket_or_over_http(environment: dict[str, str]) -> None:
    token = load(environment, None).slack_bot_token
    assert token is not None
    assert token.get_secret_value() == "xoxb-1"


# Text made of what the syntaxes use, so that near misses are common.
VALUES = st.text(st.sampled_from("a1 .,;:=/@#?[]~-$\x00\nhttp") | st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "price"),
    [("5,25", (5.0, 25.0)), ("0,0", (0.0, 0.0)), (" 0.25 , 1e1 ", (0.25, 10.0)), ("", None)],
)
def test_an_unknown_price_is_two_numbers(text: str, price: tuple[float, float] | None) -> None:
    assert load({"COUNCIL_UNKNOWN_PRICE": text}, None).unknown_price == price


@pytest.mark.parametrize("text", ["5", "5,25,1", "5;25", "-1,5", "a,b", "nan,1", "1,inf", "5 25"])
def test_an_unknown_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"^COUNCIL_UNKNOWN_PRICE must be US dollars"):
        load({"COUNCIL_UNKNOWN_PRICE": text}, None)


@given(st.dictionaries(st.sampled_from(sorted(CONTRACT)), VALUES | VALUES.map("http://".__add__)))
def test_any_environment_is_read_or_refused_in_sentences(environment: dict[str, str]) -> None:
    problems: tuple[str, ...] = ()
    try:
        load(environment, None)
    except InvalidConfiguration as error:
        problems = error.problems
    assert all(re.match(r"[A-Z]+_[A-Z_]+\b.*\.$", problem) for problem in problems)


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("COUNCIL_LOG\n")
    environment = {
        "COUNCIL_TIME_SCALE": "-1",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "COUNCIL_ENDPOINTS": "a=http://a.example;key=A_KEY,b=ftp://b.example",
    }
    assert problems_of(environment, env_file) == (
        f"{env_file}, line 1, cannot be read. Write NAME=value, and put a value with spaces, "
        "quotes or # between single quotes.",
        SLACK_NEEDS,
        "COUNCIL_ENDPOINTS, entry 1: `a` takes its key from A_KEY, which is not set.",
        "COUNCIL_ENDPOINTS, entry 2: `b` needs a plain http or https address, "
        "for example b=http://localhost:11434/v1.",
        "COUNCIL_TIME_SCALE must be a number above 0, for example 0.1.",
    )


@pytest.mark.parametrize("line", ["DISCORD_TOKEN='sEcReT", "DISCORD TOKEN=sEcReT", "sEcReT"])
def test_an_unreadable_line_is_numbered_and_never_quoted(line: str, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"# tokens\nCOUNCIL_LOG=text\n\n\n{line}\n")
    assert problems_of({}, env_file) == (
        f"{env_file}, line 5, cannot be read. Write NAME=value, and put a value with spaces, "
        "quotes or # between single quotes.",
    )


def test_a_variable_set_twice_in_the_file_is_a_problem(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("COUNCIL_CHAIRMAN=lab/a\n\nCOUNCIL_CHAIRMAN=lab/b\n")
    assert problems_of({}, env_file) == (
        f"{env_file}, line 3, sets COUNCIL_CHAIRMAN again after line 1. Keep one of them.",
    )


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"COUNCIL_LOG=\xff\xfe")
    assert problems_of({}, env_file) == (
        f"{env_file} cannot be read as UTF-8 text (UnicodeDecodeError).",
    )


def test_a_misspelt_variable_is_a_warning_with_a_guess() -> None:
    assert load({"COUNCIL_MEMBER": "lab/a", "COUNCIL_XYZZY": "1"}, None).warnings == (
        "COUNCIL_MEMBER is no variable of this program and was ignored. "
        "Did you mean COUNCIL_MEMBERS?",
        "COUNCIL_XYZZY is no variable of this program and was ignored.",
    )


def test_the_variable_of_an_endpoints_key_is_no_misspelling() -> None:
    config = load(
        {"COUNCIL_ENDPOINTS": "a=http://a.example;key=COUNCIL_A_KEY", "COUNCIL_A_KEY": "k"}, None
    )
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("environment", "budget"),
    [
        ({"OPENROUTER_API_KEY": "sk-or-1"}, 5.0),
        ({"COUNCIL_DAILY_BUDGET_USD": "2.50"}, 2.5),
        ({"COUNCIL_DAILY_BUDGET_USD": "0"}, 0.0),
        ({"COUNCIL_DAILY_BUDGET_USD": "unlimited"}, None),
    ],
)
def test_no_limit_on_money_has_to_be_written(
    environment: dict[str, str], budget: float | None
) -> None:
    assert load(environment, None).daily_budget_usd == budget


@pytest.mark.parametrize(
    ("environment", "serving", "budget"),
    [
        ({}, True, 5.0),
        ({}, False, None),
        ({"COUNCIL_DAILY_BUDGET_USD": "2"}, True, 2.0),
        ({"COUNCIL_DAILY_BUDGET_USD": "2"}, False, 2.0),
        ({"COUNCIL_DAILY_BUDGET_USD": "unlimited"}, True, None),
    ],
)
def test_a_limit_that_nobody_wrote_holds_where_others_ask(
    environment: dict[str, str], serving: bool, budget: float | None
) -> None:
    assert load(environment, None).budget_usd(serving=serving) == budget


def test_lists_are_separated_by_commas() -> None:
    config = load(
        {
            "COUNCIL_MEMBERS": "lab/a,lab/b, lab/a",
            "COUNCIL_ADMINS": "U1, 42",
            "COUNCIL_ALLOWED": "T1,C2",
        },
        None,
    )
    assert config.members == ("lab/a", "lab/b", "lab/a")
    assert config.admins == {"U1", "42"}
    assert config.allowed == {"T1", "C2"}


def test_the_database_is_in_the_users_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load({}, None).database == tmp_path / "council" / "council.db"


def test_the_database_may_be_named_from_the_home_folder() -> None:
    assert load({"COUNCIL_DATABASE": "~/c.db"}, None).database == Path.home() / "c.db"


def test_no_secret_shows_when_the_configuration_is_printed() -> None:
    config = load(
        {
            "OPENROUTER_API_KEY": "sEcReT-1",
            "COUNCIL_MODEL_URL": "http://localhost/v1",
            "COUNCIL_MODEL_KEY": "sEcReT-2",
            "COUNCIL_ENDPOINTS": "a=http://a.example;key=A_KEY",
            "A_KEY": "sEcReT-3",
            "DISCORD_TOKEN": "sEcReT-4",
            "SLACK_BOT_TOKEN": "sEcReT-5",
            "SLACK_APP_TOKEN": "sEcReT-6",
            "SLACK_SIGNING_SECRET": "sEcReT-7",
        },
        None,
    )
    assert "sEcReT" not in f"{config} {config!r} {config.endpoints()}"
