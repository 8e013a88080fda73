"""What `ask` is to ask: the words of the command, and what comes on standard input.

Knows no council.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from bot.council import Attached
from bot.errors import InvalidInput
from bot.language import _
from bot.printing import note

# Read along with a question: every member and the chairman pay for it.
QUOTED_LIMIT_CHARS = 100_000

# A character takes up to four bytes. What never ends is not read to its end.
_READ_LIMIT_BYTES = 4 * QUOTED_LIMIT_CHARS


@dataclass(frozen=True, slots=True)
class Asked:
    """`quoted` is material that the question is about, "" where there is none; `files` come along."""

    text: str
    quoted: str = ""
    files: tuple[Attached, ...] = ()


def asked(words: Sequence[str], stream: BinaryIO, *, dash: bool) -> Asked:
    """The question from the words, or from standard input where `dash` or a pipe stands for it.

    With words and `dash`, standard input is the material; beside words alone it is left to whom it
    belongs, such as the loop of a shell. Raises `InvalidInput`. Waits for the end of the stream, so
    that it is called before there is an event loop: there Ctrl-C would not end a read.
    """
    if words and not dash:
        return Asked(" ".join(words))
    if stream.isatty():
        if not dash:
            raise InvalidInput(
                _(
                    'Write the question behind it: `council ask "..."`, or `council ask -` to '
                    "type it over several lines."
                )
            )
        note(_("Reading standard input; Ctrl-D on an empty line ends it."))
    text = _read(stream)
    if not words:
        return Asked(text)
    if not text.strip():
        raise InvalidInput(_("Standard input is empty. Pipe something into it, or leave - out."))
    note(_("{chars:,} characters of standard input go along.", chars=len(text)))
    return Asked(" ".join(words), text)


def _read(stream: BinaryIO) -> str:
    # Line by line: between two of them an interrupt is heard, within one long read it might not be.
    whole = bytearray()
    while line := stream.readline(_READ_LIMIT_BYTES + 1 - len(whole)):
        whole += line
    try:
        text = whole[:_READ_LIMIT_BYTES].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Where it was cut, a character may lack its end.
        if error.start < _READ_LIMIT_BYTES - 4:
            raise InvalidInput(
                _("Standard input is no UTF-8 text ({reason}).", reason=error.reason)
            ) from error
        text = whole[: error.start].decode("utf-8-sig")
    if "\0" in text:
        raise InvalidInput(_("Standard input is no text: it holds zero bytes."))
    if len(whole) > _READ_LIMIT_BYTES or len(text) > QUOTED_LIMIT_CHARS:
        raise InvalidInput(
            _(
                "Standard input holds more than {limit:,} characters. Pass on less of it, such "
                "as its beginning with `head`.",
                limit=QUOTED_LIMIT_CHARS,
            )
        )
    return text
