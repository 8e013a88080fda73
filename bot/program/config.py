"""The process's configuration: the environment, read once at start-up.

Each variable is a field of `Config` whose description says what a right value is; a person whose
value is wrong reads that sentence. Everything else in the program is handed plain values.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import InvalidConfiguration, InvalidInput, StoreFailed
from bot.language import N_, Message, _
from bot.program.endpoints import (
    EndpointSettings,
    Explained,
    plain_url,
    read_endpoints,
    secret,
    unused_keys,
    used_keys,
)
from bot.program.env_file import read_env_file
from bot.seats import parse_members, parse_model
from bot.settings import parse_budget
from bot.store.server import UNREADABLE, Server, is_server, read_server
from bot.typos import closest, question

OPENROUTER_URL = "https://openrouter.ai/api/v1"
SLACK_URL = "https://slack.com/api"
DAILY_BUDGET_USD = 5.0
# Deliberations under way: a hundred requests or so, which providers and memory take.
AT_ONCE = 20
# Of a worker, which does nothing else, and has others beside it.
WORKER_AT_ONCE = 50
RETENTION_DAYS = 30


def load(environment: Mapping[str, str] | None = None, env_file: Path | None = None) -> "Config":
    """Read `environment` (the process's where `None`) over `env_file`, which need not exist.

    An empty value counts as not set. Raises `InvalidConfiguration` with every problem at once.
    """
    problems: list[str] = []
    variables = _read_variables(environment, env_file, problems)
    problems += _half_configured(variables)
    given_now = _variables.set(variables)
    try:
        config = Config(
            warnings=tuple(_unknown(variables)),
            env_file=env_file,
            unused_keys=tuple(unused_keys(variables)),
        )
    except ValidationError as error:
        problems += _sentences(error)
        raise InvalidConfiguration(problems) from None  # its text quotes the values
    finally:
        _variables.reset(given_now)
    if problems:
        raise InvalidConfiguration(problems)
    return config


def log_format(
    environment: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Literal["text", "json"]:
    """`COUNCIL_LOG`, whatever else is wrong: what is wrong is told in this form, too."""
    asked = _read_variables(environment, env_file, []).get("COUNCIL_LOG")
    return "json" if asked == "json" else "text"


def _read_variables(
    environment: Mapping[str, str] | None, env_file: Path | None, problems: list[str]
) -> dict[str, str]:
    written = read_env_file(env_file, problems) if env_file else {}
    given = os.environ if environment is None else environment
    return _not_empty(written) | _not_empty(given)


# What `load` has read, for as long as a `Config` is made of it.
_variables: ContextVar[Mapping[str, str]] = ContextVar("variables")


def _variable(name: str, default: Any, description: Message) -> Any:
    return Field(default, validation_alias=name, description=description.english)


def _read(parse: Callable[[str], object]) -> BeforeValidator:
    """A validator from a parser of the channel's settings, so that both read the same."""

    def read(text: str) -> object:
        try:
            return parse(text)
        except InvalidInput as error:
            raise ValueError from error

    return BeforeValidator(read)


def _database(text: str) -> Path | Server:
    if is_server(text):
        try:
            return read_server(text)
        except ValueError as error:
            raise Explained(_(UNREADABLE)) from error
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~somebody who has no home here
        raise ValueError from error


def _on_or_off(text: str) -> bool:
    return ("off", "on").index(text) == 1


def _days(text: str) -> int | None:
    if text == "keep":
        return None
    if not (text.isdecimal() and 1 <= int(text) <= 36_500):
        raise ValueError
    return int(text)


def _prices(text: str) -> tuple[float, float]:
    prompt, completion = (float(part) for part in text.split(","))
    if not (0 <= prompt < 1_000_000 and 0 <= completion < 1_000_000):
        raise ValueError
    return prompt, completion


Secret = Annotated[SecretStr, BeforeValidator(secret)]
Url = Annotated[str, BeforeValidator(plain_url)]
Ids = Annotated[
    frozenset[str], NoDecode, BeforeValidator(lambda text: text.replace(",", " ").split())
]


class _Given(EnvSettingsSource):
    """The variables that `load` has read."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return _variables.get()


class Config(BaseSettings):
    """What the environment says. Secrets show as stars wherever this is printed."""

    model_config = SettingsConfigDict(frozen=True, case_sensitive=True, validate_default=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Given(settings_cls)

    openrouter_api_key: Secret | None = _variable(
        "OPENROUTER_API_KEY", None, N_("a key of OpenRouter (sk-or-v1-...), without spaces")
    )
    model_url: Url | None = _variable(
        "COUNCIL_MODEL_URL",
        None,
        N_(
            "the plain http or https base of an OpenAI-compatible server, for example "
            "http://localhost:11434/v1"
        ),
    )
    model_key: Secret | None = _variable(
        "COUNCIL_MODEL_KEY", None, N_("the key of that server, without spaces")
    )
    further_endpoints: Annotated[
        tuple[EndpointSettings, ...],
        NoDecode,
        BeforeValidator(lambda text: read_endpoints(text, _variables.get())),
    ] = _variable(
        "COUNCIL_ENDPOINTS",
        (),
        N_(
            "name=URL[;key=NAME][;openrouter] separated by commas, for example "
            "ollama=http://localhost:11434/v1"
        ),
    )
    # Empty: chosen from the live catalogue.
    members: Annotated[tuple[str, ...], NoDecode, _read(parse_members)] = _variable(
        "COUNCIL_MEMBERS",
        (),
        N_(
            "1 to 20 model ids separated by commas, for example "
            "openai/gpt-5.1,mistralai/mistral-large"
        ),
    )
    chairman: Annotated[str, _read(parse_model)] = _variable(
        "COUNCIL_CHAIRMAN", "", N_("one model id, for example openai/gpt-5.1")
    )
    database: Annotated[Path | Server, BeforeValidator(_database)] = Field(
        default_factory=lambda: user_data_path("council") / "council.db",
        validation_alias="COUNCIL_DATABASE",
        description=N_(
            "the path of a file, for example council.db, or postgresql://USER:PASSWORD@HOST/DATABASE"
        ).english,
    )
    # `None` is unlimited, and has to be written.
    daily_budget_usd: Annotated[float | None, _read(parse_budget)] = _variable(
        "COUNCIL_DAILY_BUDGET_USD",
        DAILY_BUDGET_USD,
        N_("US dollars a day, for example 2.50, or the word unlimited"),
    )
    person_budget_usd: Annotated[float | None, _read(parse_budget)] = _variable(
        "COUNCIL_PERSON_BUDGET_USD",
        None,
        N_("US dollars a day for each person, for example 0.50, or the word unlimited"),
    )
    channel_budget_usd: Annotated[float | None, _read(parse_budget)] = _variable(
        "COUNCIL_CHANNEL_BUDGET_USD",
        None,
        N_("US dollars a month for each channel, for example 20, or the word unlimited"),
    )
    at_once: Annotated[int, Field(ge=1)] = _variable(
        "COUNCIL_AT_ONCE", AT_ONCE, N_("a whole number from 1 up, for example 20")
    )
    # `None`: as `catalogue` has it.
    unknown_price: Annotated[tuple[float, float] | None, NoDecode, BeforeValidator(_prices)] = (
        _variable(
            "COUNCIL_UNKNOWN_PRICE",
            None,
            N_(
                "US dollars per million prompt and completion tokens, two numbers from 0 up "
                "with a comma between them, for example 5,25"
            ),
        )
    )
    admins: Ids = _variable(
        "COUNCIL_ADMINS",
        frozenset(),
        N_("ids of people, separated by commas, for example U024BE7LH"),
    )
    allowed: Ids = _variable(
        "COUNCIL_ALLOWED", frozenset(), N_("ids of servers, workspaces, channels or people")
    )
    discord_token: Secret | None = _variable(
        "DISCORD_TOKEN", None, N_("the bot's token, without spaces")
    )
    slack_bot_token: Secret | None = _variable(
        "SLACK_BOT_TOKEN", None, N_("the bot's token (xoxb-...), without spaces")
    )
    slack_app_token: Secret | None = _variable(
        "SLACK_APP_TOKEN", None, N_("the app's token (xapp-...), without spaces")
    )
    slack_signing_secret: Secret | None = _variable(
        "SLACK_SIGNING_SECRET", None, N_("the app's signing secret, without spaces")
    )
    slack_api_url: Url = _variable(
        "SLACK_API_URL",
        SLACK_URL,
        N_("a plain http or https address, for example https://slack.com/api"),
    )
    http_port: Annotated[int, Field(ge=1, le=65535)] | None = _variable(
        "COUNCIL_HTTP_PORT", None, N_("a port from 1 to 65535, for example 8080")
    )
    # `None` keeps them.
    retention_days: Annotated[int | None, BeforeValidator(_days)] = _variable(
        "COUNCIL_RETENTION_DAYS",
        RETENTION_DAYS,
        N_("a whole number of days from 1 up, for example 30, or the word keep"),
    )
    zdr: Annotated[bool, BeforeValidator(_on_or_off)] = _variable(
        "COUNCIL_ZDR", False, N_("on or off")
    )
    data_collection: Literal["deny", "allow"] = _variable(
        "COUNCIL_DATA_COLLECTION", "deny", N_("deny or allow")
    )
    http_host: str | None = _variable(
        "COUNCIL_HTTP_HOST", None, N_("an address of this machine, for example 127.0.0.1")
    )
    health_port: Annotated[int, Field(ge=1, le=65535)] | None = _variable(
        "COUNCIL_HEALTH_PORT", None, N_("a port from 1 to 65535, for example 8081")
    )
    log: Literal["text", "json"] = _variable("COUNCIL_LOG", "text", N_("text or json"))
    time_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = _variable(
        "COUNCIL_TIME_SCALE", 1.0, N_("a number above 0, for example 0.1")
    )
    # What an operator should look at although the program can start.
    warnings: tuple[str, ...] = ()
    # What was read besides the environment; `None` where there was no such file.
    env_file: Path | None = None
    # Names of variables that hold a key of a known server, and that nothing here uses.
    unused_keys: tuple[str, ...] = ()

    @property
    def rehearsal(self) -> bool:
        """Whether nothing real can be asked, so that the built-in models answer."""
        return not self.endpoints()

    def database_place(self) -> Path | Server:
        """The default file's folder is made; a folder that somebody named has to be there.

        Raises `StoreFailed`.
        """
        if isinstance(self.database, Path) and "database" not in self.model_fields_set:
            try:
                self.database.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreFailed(
                    _(
                        "The folder {folder} cannot be made ({strerror}). Set COUNCIL_DATABASE "
                        "to a file that can be written.",
                        folder=self.database.parent,
                        strerror=error.strerror,
                    )
                ) from error
        return self.database

    def history_file(self) -> Path:
        """What was typed in a terminal's chats: beside the database where that is a file. Raises
        `StoreFailed`."""
        place = self.database_place()
        if isinstance(place, Server):
            place = user_data_path("council", ensure_exists=True) / "council.db"
        return place.with_suffix(".history")

    def budget_usd(self, *, serving: bool) -> float | None:
        """US dollars a day; `None` is unlimited. A default holds only where others ask."""
        return (
            self.daily_budget_usd
            if serving or "daily_budget_usd" in self.model_fields_set
            else None
        )

    @property
    def worker_at_once(self) -> int:
        """How many a worker deliberates at once."""
        return self.at_once if "at_once" in self.model_fields_set else WORKER_AT_ONCE

    def endpoints(self) -> tuple[EndpointSettings, ...]:
        """Every endpoint, the default one (named `""`) first where there is one."""
        return (*self._default_endpoint(), *self.further_endpoints)

    def _default_endpoint(self) -> Iterator[EndpointSettings]:
        url = self.model_url or (OPENROUTER_URL if self.openrouter_api_key else None)
        if url:
            openrouter = _is_openrouters(url)
            # OpenRouter's key is sent to OpenRouter and to nobody else.
            key = self.model_key or (self.openrouter_api_key if openrouter else None)
            yield EndpointSettings("", url, key.get_secret_value() if key else None, openrouter)


def _is_openrouters(url: str) -> bool:
    """That of the world, or of one region. Source: openrouter.ai/docs, "In-Region Routing"."""
    host = urlsplit(url).hostname or ""
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")


VARIABLES: Mapping[str, str] = {
    str(found.validation_alias): found.description or ""
    for found in Config.model_fields.values()
    if found.validation_alias
}


def _not_empty(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in variables.items() if value.strip()}


def _half_configured(variables: Mapping[str, str]) -> Iterator[str]:
    given = variables.keys()
    if "COUNCIL_MODEL_KEY" in given and "COUNCIL_MODEL_URL" not in given:
        yield _(
            "COUNCIL_MODEL_KEY has no use without COUNCIL_MODEL_URL, for example "
            "http://localhost:11434/v1."
        )
    sockets = {"SLACK_APP_TOKEN"} <= given
    requests = {"SLACK_SIGNING_SECRET", "COUNCIL_HTTP_PORT"} <= given
    if "SLACK_BOT_TOKEN" in given and not (sockets or requests):
        yield _(
            "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (xapp-...) beside it, or else "
            "SLACK_SIGNING_SECRET and COUNCIL_HTTP_PORT."
        )
    if "COUNCIL_HTTP_HOST" in given and "COUNCIL_HTTP_PORT" not in given:
        yield _("COUNCIL_HTTP_HOST has no use without COUNCIL_HTTP_PORT, for example 8080.")
    for name in ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        if name in given and "SLACK_BOT_TOKEN" not in given:
            yield _("{name} has no use without SLACK_BOT_TOKEN (xoxb-...).", name=name)


def _unknown(variables: Mapping[str, str]) -> Iterator[str]:
    keys = used_keys(variables)
    ours = [name.removeprefix("COUNCIL_") for name in VARIABLES if name.startswith("COUNCIL_")]
    for name in sorted(variables.keys() - VARIABLES.keys() - keys):
        if name.startswith("COUNCIL_"):
            close = closest(name.removeprefix("COUNCIL_"), ours)
            hint = question([f"COUNCIL_{close}"] if close else [])
            yield _(
                "{name} is no variable of this program and was ignored.{hint}", name=name, hint=hint
            )


def _sentences(error: ValidationError) -> Iterator[str]:
    for found in error.errors(include_input=False, include_url=False):
        name = str(found["loc"][0])
        reason = found.get("ctx", {}).get("error")
        if isinstance(reason, Explained):
            yield from str(reason).splitlines()
        else:
            yield _("{name} must be {value}.", name=name, value=_(VARIABLES[name]))
