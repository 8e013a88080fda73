"""The file `.env`, read here and not by pydantic-settings, which only logs what it cannot read."""

import io
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.language import _


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
