"""A short name for a thread whose question begins with no good one, written by one member.

A call like any other, in the journal and priced before; nobody waits for it, and where it fails or
says something else than a name, the old name stays.
"""

import re
from collections.abc import Collection

from bot.cleaning import one_line
from bot.protocol import prompts
from bot.protocol.masking import names_a_model
from bot.protocol.patience import Deadline
from bot.protocol.sitting import Sitting
from bot.redaction import placeholders

# The most that it may write, reasoning included; it reads so much of the question.
TITLE_TOKENS = 1_000
_READ_CHARS = 2_000
TITLE_BYTES = 3 * _READ_CHARS

# A list of threads shows so much of a name; a title is shorter.
_NAME_CHARS, _TITLE_CHARS = 80, 60
# With fewer letters a line says what is asked only if nothing follows it.
_TELLING = 8

_LINKS = re.compile(r"(?:<?https?://\S+\s*)+")
_CODE = re.compile(
    r"```|~~~|[{}\[(<#$>|;]|(?:def|class|import|from|function|const|let|var|public|package|select"
    r"|create|curl|git|sudo|docker|npm|pip)\b.*[(){};=/*]|Traceback\b"
    r"|(?:\w+\.)*\w*(?:Error|Exception)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:(?:hi|hiya|hello|hey|hallo|moin|servus|dear|good (?:morning|afternoon|evening|day)"
    r"|gut(?:en)? (?:tag|morgen|abend)|bonjour|bonsoir|salut|hola|buenos d[ií]as|buenas|ciao|ol[aá]"
    r"|all|everyone|everybody|folks|team|there|council|together|zusammen|thanks|thank you|please"
    r"|a (?:quick )?question|(?:quick )?question|@\S+|안녕(?:하세요|하십니까)?|여러분|こんにちは|你好"
    r"|大家好)(?:[\s,.:;!?\U0001f44b-]+|$))+",
    re.IGNORECASE,
)
# What models put around a title, and what platforms would read as more than its words.
_AROUND = " \t\"'“”„«»‘’`*_#.:-–—"
_MARKS = re.compile(r"[`*_~|<>@\[\]\\]")
_LABEL = re.compile(r"^(?:title|titel|titre|제목)\s*:\s*", re.IGNORECASE)
_APOLOGY = re.compile(r"^(?:i['’ ]|sorry|as an? )", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:|www\.|discord\.gg", re.IGNORECASE)


def is_good_name(text: str) -> bool:
    """Whether the first line of a question names its thread well enough: it is not too long, no code,
    no link alone, and says something; or as well as anything can, where it is all there is."""
    first, _, rest = text.strip().partition("\n")
    line = one_line(first)
    if len(line) > _NAME_CHARS or _CODE.match(line) or _LINKS.fullmatch(line):
        return False
    says_little = _GREETING.fullmatch(line) or sum(map(str.isalnum, line)) < _TELLING
    return not (says_little and rest.strip())


async def write_title(sitting: Sitting, seat: int) -> str:
    """What this seat names the question's thread; "" where that is no name."""
    fence = sitting.fence("title", seat)
    text = sitting.question.text[:_READ_CHARS]
    call = await sitting.ask(
        "title",
        seat,
        prompts.title_prompt(text, sitting.council, fence=fence),
        tokens=TITLE_TOKENS,
        deadline=Deadline(sitting.caller.patience.title),
    )
    return title_in(call.text or "", (*sitting.council.members, sitting.council.chairman))


def title_in(text: str, models: Collection[str]) -> str:
    """The title that a model wrote, on one line, with nothing that pings, links or formats; "" where
    there is none, or it names a model."""
    first = next((line for line in text.splitlines() if line.strip(_AROUND)), "")[:_READ_CHARS]
    line = _LABEL.sub("", one_line(first).strip(_AROUND))
    line = one_line(_MARKS.sub("", line)).strip(_AROUND)
    if sum(map(str.isalnum, line)) < 3 or _APOLOGY.match(line) or _ADDRESS.search(line):
        return ""
    if placeholders(line) or names_a_model(line, models):
        return ""
    return _cut(line)


def _cut(line: str) -> str:
    """At most so many characters, at a word's end where there is one."""
    if len(line) <= _TITLE_CHARS:
        return line
    head = line[: _TITLE_CHARS - 1]
    space = head.rfind(" ")
    return head[: space if space > _TITLE_CHARS // 2 else None].rstrip(_AROUND) + "…"
