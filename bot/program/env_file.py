"""The file `.env`: where it is, and what stands in it. Not read by pydantic-settings, which only logs
what it cannot read."""

import io
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.language import _

# The project's own folder, where the program is run from a checkout.
_CHECKOUT = Path(__file__).resolve().parents[2]


def find_env_file(checkout: Path = _CHECKOUT) -> Path | None:
    """The `.env` that is read: the working folder's, else the checkout's. Never both of them."""
    places = [Path(".env")]
    if (checkout / "pyproject.toml").is_file():  # not so where it is installed among packages
        places.append(checkout / ".env")
    return next((place for place in places if place.is_file()), None)


def read_env_file(path: Path, problems: list[str]) -> dict[str, str]:
    """The values of a `.env`, adding a sentence to `problems` for each line that has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(
            _(
                "{path} cannot be read as UTF-8 text ({error}).",
                path=path,
                error=type(error).__name__,
            )
        )
        return {}
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = _line(binding)
        if binding.key is None and not binding.error:
            continue  # a comment or an empty line
        if binding.key is None or binding.value is None:
            # The line itself is not quoted: it may hold a secret.
            problems.append(
                _(
                    "{path}, line {line}, cannot be read. Write NAME=value, and put a value "
                    "with spaces, quotes or # between single quotes.",
                    path=path,
                    line=line,
                )
            )
        elif binding.key in lines:
            problems.append(
                _(
                    "{path}, line {line}, sets {name} again after line {before}. Keep one of them.",
                    path=path,
                    line=line,
                    name=binding.key,
                    before=lines[binding.key],
                )
            )
        else:
            values[binding.key], lines[binding.key] = binding.value, line
    return values


def _line(binding: Binding) -> int:
    """Where the binding's text begins: the parser counts the empty lines before it as its own."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
