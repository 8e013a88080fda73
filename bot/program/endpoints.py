"""The servers of COUNCIL_ENDPOINTS, read from its text; which values are addresses and keys."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.language import _


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """An OpenAI-compatible server, asked for models whose id begins with `name/`.

    The default endpoint is named `""`. `openrouter` allows what only OpenRouter understands.
    """

    name: str
    url: str
    key: str | None = field(default=None, repr=False)
    openrouter: bool = False


# Servers that speak OpenAI's protocol, by the variable in which other programs look for their key:
# a name for it, and its base. Source: each provider's own documentation.
KNOWN_SERVERS: Mapping[str, tuple[str, str]] = {
    "OPENAI_API_KEY": ("openai", "https://api.openai.com/v1"),
    "ANTHROPIC_API_KEY": ("anthropic", "https://api.anthropic.com/v1"),
    "GEMINI_API_KEY": ("google", "https://generativelanguage.googleapis.com/v1beta/openai"),
    "GOOGLE_API_KEY": ("google", "https://generativelanguage.googleapis.com/v1beta/openai"),
    "MISTRAL_API_KEY": ("mistral", "https://api.mistral.ai/v1"),
    "GROQ_API_KEY": ("groq", "https://api.groq.com/openai/v1"),
    "DEEPSEEK_API_KEY": ("deepseek", "https://api.deepseek.com/v1"),
    "XAI_API_KEY": ("xai", "https://api.x.ai/v1"),
    "TOGETHER_API_KEY": ("together", "https://api.together.xyz/v1"),
    "FIREWORKS_API_KEY": ("fireworks", "https://api.fireworks.ai/inference/v1"),
    "CEREBRAS_API_KEY": ("cerebras", "https://api.cerebras.ai/v1"),
}


def used_keys(variables: Mapping[str, str]) -> set[str]:
    """The variables whose keys COUNCIL_ENDPOINTS takes."""
    return set(re.findall(r";\s*key=(\w+)", variables.get("COUNCIL_ENDPOINTS", "")))


def unused_keys(variables: Mapping[str, str]) -> Iterator[str]:
    """The variables that hold a key of a known server which is given to nobody: one a server."""
    used = used_keys(variables)
    given = {variables.get("COUNCIL_MODEL_KEY"), *(variables.get(name) for name in used)}
    names = set[str]()
    for variable, (name, __) in KNOWN_SERVERS.items():
        key = variables.get(variable)
        if key and key not in given and name not in names:
            names.add(name)
            yield variable


class Explained(ValueError):
    """A value is wrong in its own way: the text holds the sentences for it, one a line."""


def read_endpoints(text: str, variables: Mapping[str, str]) -> tuple[EndpointSettings, ...]:
    """Read COUNCIL_ENDPOINTS; keys are taken from other `variables`. Raises `Explained`."""
    endpoints: dict[str, EndpointSettings] = {}
    problems = []
    for number, entry in enumerate(text.split(","), start=1):
        try:
            endpoint = _endpoint(entry.strip(), variables)
            if endpoint.name in endpoints:
                raise Explained(_("`{name}` is the name of an earlier one", name=endpoint.name))
            endpoints[endpoint.name] = endpoint
        except Explained as error:
            problems.append(
                _("COUNCIL_ENDPOINTS, entry {number}: {error}.", number=number, error=error)
            )
    if problems:
        raise Explained("\n".join(problems))
    return tuple(endpoints.values())


def _endpoint(entry: str, variables: Mapping[str, str]) -> EndpointSettings:
    address, *options = (part.strip() for part in entry.split(";"))
    name, __, url = address.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise Explained(_("write name=URL, for example ollama=http://localhost:11434/v1"))
    try:
        url = plain_url(url)
    except ValueError:
        raise Explained(
            _(
                "`{name}` needs a plain http or https address, for example "
                "{name}=http://localhost:11434/v1",
                name=name,
            )
        ) from None
    key = None
    for option in options:
        word, __, variable = option.partition("=")
        if word == "key":
            key = _key(name, variable, variables)
        elif option != "openrouter":
            raise Explained(
                _("`{name}` can be followed by ;key=NAME and ;openrouter only", name=name)
            )
    return EndpointSettings(name, url, key, "openrouter" in options)


def _key(name: str, variable: str, variables: Mapping[str, str]) -> str:
    if variable in variables:
        try:
            return secret(variables[variable])
        except ValueError:
            raise Explained(
                _("{variable} must be a key, without spaces", variable=variable)
            ) from None
    # Somebody may have put the key itself here, and a key must not be printed.
    if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", variable):
        raise Explained(
            _(
                "`{name}` takes its key from {variable}, which is not set",
                name=name,
                variable=variable,
            )
        )
    raise Explained(
        _("`{name}` needs the name of a variable after key=, for example GROQ_API_KEY", name=name)
    )


def secret(text: str) -> str:
    # No HTTP header can carry anything else, and the error about it there would show the value.
    # An address, put where its key belongs, would be sent to somebody else's server as one.
    if not re.fullmatch(r"[!-~]+", text) or "://" in text:
        raise ValueError
    return text


def plain_url(text: str) -> str:
    parts = urlsplit(text)
    extras = parts.username is not None or parts.query or parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or extras:
        raise ValueError
    return text.rstrip("/")
