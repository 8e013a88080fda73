"""What a text says in short: its first sentence, how long it takes to read, what is in it. Pure.

Texts are CommonMark as models write it. Knows no council.
"""

import re
from itertools import pairwise
from unicodedata import east_asian_width

import regex
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.cleaning import one_line
from bot.language import _, n_

# A first sentence longer than this is no headline, and one shorter tells too little alone ("Yes.").
LEAD_LIMIT, _TELLING = 250, 12
# Columns of a gist, what East Asian scripts write takes two, and how far it is looked for. A longer
# sentence ends at a clause where one of some length ends before.
GIST_COLUMNS, _BEGINNING = 60, 2_000
_CLAUSE = regex.compile(r"[,;:](?=\s)|\s[–—-](?=\s)|[，；：、]")
_CLAUSE_COLUMNS = 24

# What LaTeX writes that plain text can say as well.
_MATH = re.compile(
    r"\$\$(.+?)\$\$|\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL
)
_FRACTION, _ROOT = (
    re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"),
    re.compile(r"\\sqrt\{([^{}]*)\}"),
)
_SIGNS_OF_MATH = {
    "cdot": "·",
    "times": "×",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "pm": "±",
    "infty": "∞",
    "pi": "π",
    "to": "→",
    "sum": "Σ",
    "int": "∫",
    "left": "",
    "right": "",
    "quad": " ",
    "text": "",
    "mathrm": "",
    "dots": "…",
    "ldots": "…",
}

# What people read in a minute, roughly. Sources: Brysbaert 2019, "How many words do we read per
# minute?" (238 of English); Trauzettel-Klosinski and Dietz 2012 (255 Chinese, 357 Japanese signs).
_WORDS, _SIGNS = 240, 300
_SIGN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Khmer}\p{Lao}]")

# Our own headings take the first three levels.
_LEVELS = 3

# What no text has that people read; its blocks would take seconds.
_LINES_LIMIT = 8_000

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?=\s|$)", re.DOTALL)
# Not behind "e.g." and the like, nor before a small letter.
_END = regex.compile(
    r"(?<!\b(?:\p{Lu}|[Dd]r|[Mm]rs?|[Ss]t|vs|ca|etc|e\.g|i\.e|z\.\s?B|d\.\s?h|bzw))"
    r"[.!?…]++[\"'”’»)\]*_]*+(?=\s++[^\s\p{Ll}]|\s*+$)|[。！？]++[」』”’）*_]*+"
)
_SENTENCES_TRIED = 4
# What a quotation begins with, and what ends it.
_QUOTATIONS = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", '"': '"'}
_FENCE = re.compile("```|~~~")


def lead(text: str) -> tuple[str, str]:
    """A text's first sentence as inline CommonMark on one line, and the rest.

    It is the bold one that the text begins with, else its heading, else the first of its paragraph;
    "" where the text begins with anything else, or the sentence does not end soon.
    """
    chunk = re.split(r"\n[ \t]*\n", text := _lines(text).strip("\n"), maxsplit=1)[0]
    tokens = _blocks(chunk) if len(chunk) <= _BEGINNING else []
    if not tokens or tokens[0].type not in ("heading_open", "paragraph_open"):
        return "", text
    assert tokens[0].map is not None
    content = tokens[1].content
    end = len(content) if tokens[0].type == "heading_open" else _sentence_end(content)
    sentence, remainder = one_line(content[:end]), content[end:].strip()
    if bold := _BOLD.fullmatch(sentence):
        sentence = bold[2]
    if not 0 < len(sentence) <= LEAD_LIMIT or (remainder and not is_paragraph(remainder)):
        return "", text
    behind = "\n".join(text.split("\n")[tokens[0].map[1] :]).strip("\n")
    return sentence, "\n\n".join(filter(None, (remainder, behind)))


def gist(text: str) -> str:
    """What a text begins with, as plain text on a short line: the first sentence of a paragraph,
    or else a heading. "" where it has neither."""
    tokens = _blocks(text[:_BEGINNING])
    for opening in ("paragraph_open", "heading_open"):
        for before, token in pairwise(tokens):
            if before.type == opening and (plain := _plain(_without_math(token.content))):
                return _cut(_telling(plain).rstrip(":："))
    return ""


def first_line(text: str) -> str:
    """The first line of a text as it is written, without a heading's or a quote's sign; "" where it
    is code, a table or a rule, which alone say nothing."""
    text = _lines(text).strip("\n")
    tokens = _blocks(text[:_BEGINNING])
    line = text.split("\n", 1)[0].strip().lstrip("#> ")
    is_silent = tokens and tokens[0].type in ("fence", "code_block", "table_open", "hr")
    return "" if is_silent or _FENCE.search(line) else line


def unbolded(sentence: str) -> str:
    """Inline CommonMark on one line without its bold; as it is where its asterisks are more than
    that, as in `2**10`, since without them it would say something else."""
    bare = sentence.replace("**", "")
    if bare == sentence or len(sentence) > _BEGINNING:
        return sentence
    return bare if _plain(bare) == _plain(sentence) else sentence


def in_bold(sentence: str) -> str:
    """The same bold as a whole, where it can be."""
    bare = unbolded(sentence)
    return bare if "**" in bare else f"**{bare}**"


def labelled(label: str, text: str) -> str:
    """A short text behind its label in bold, on one line wherever its beginning lets it."""
    tokens = _blocks(text)
    if not tokens or tokens[0].type not in ("paragraph_open", "heading_open"):
        return f"**{label}**\n\n{text}"
    if tokens[0].type == "paragraph_open":
        return f"**{label}** · {text}"
    assert tokens[0].map is not None
    heading, behind = one_line(tokens[1].content), text.split("\n")[tokens[0].map[1] :]
    return "\n\n".join(
        filter(None, (f"**{label}** · {in_bold(heading)}", "\n".join(behind).strip("\n")))
    )


def expected(text: str) -> str:
    """What a reader is to expect: `1 min to read · code, table`."""
    tokens = {token.type for token in _blocks(text)}
    has = [_("code")] if tokens & {"fence", "code_block"} else []
    has += [_("table")] if "table_open" in tokens else []
    return " · ".join(filter(None, (_minutes(text), ", ".join(has))))


def demoted(text: str) -> str:
    """The text with its headings below our own."""
    text = _lines(text)
    lines: list[str] = text.split("\n")
    for token in reversed(_headings(text)):
        assert token.map is not None
        first, end = token.map
        signs = "#" * min(6, int(token.tag[1:]) + _LEVELS)
        if token.markup.startswith("#"):
            lines[first] = re.sub("#+", signs, lines[first], count=1)
        else:
            indent = re.match(r"[ \t>]*(?:(?:[-+*]|\d+[.)])[ \t]+)?", lines[first])
            assert indent is not None
            words = " ".join(line.strip(" \t>") for line in lines[first + 1 : end - 1])
            head = f"{indent[0]}{signs} {lines[first][indent.end() :]}"
            lines[first:end] = [f"{head} {words}".rstrip()]
    return "\n".join(lines)


def is_paragraph(text: str) -> bool:
    """Whether a text is one paragraph, or begins with one that more follows right behind."""
    return [token.type for token in _blocks(text)][:1] == ["paragraph_open"] and "\n\n" not in text


def _headings(text: str) -> list[Token]:
    return [token for token in _blocks(text) if token.type == "heading_open"]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _blocks(text: str) -> list[Token]:
    tokens: list[Token] = []
    if text.count("\n") <= _LINES_LIMIT:
        _MARKDOWN.block.parse(_lines(text), _MARKDOWN, {}, tokens)
    return tokens


def _sentence_end(content: str) -> int:
    """Where the first sentence of a paragraph ends, and no emphasis, code or link is cut; 0 if it
    goes on."""
    bold = _BOLD.match(content)
    if bold and (_has_ended(bold[2]) or content[bold.end() : bold.end() + 1] in ("", "\n")):
        return bold.end()
    whole = _MARKDOWN.renderInline(content).split()
    for n, found in enumerate(_END.finditer(content)):
        if n == _SENTENCES_TRIED:
            break
        if _is_quoted(content, found.end()):
            continue
        parts = content[: found.end()], content[found.end() :].lstrip()
        if "".join(whole) == "".join("".join(map(_MARKDOWN.renderInline, parts)).split()):
            return int(found.end())
    return 0 if "\n" in content or _END.search(content) else len(content)


def _has_ended(sentence: str) -> bool:
    return re.search(r"[.!?…。！？][\"'”’»)\]」』）*_]*$", sentence) is not None


def _plain(content: str) -> str:
    tokens: list[Token] = []
    _MARKDOWN.inline.parse(content, _MARKDOWN, {}, tokens)
    breaks = ("softbreak", "hardbreak")
    return one_line("".join(" " if t.type in breaks else t.content for t in tokens))


def _without_math(content: str) -> str:
    """LaTeX as plain words; "" for a formula that stands alone."""

    def plainly(found: re.Match[str]) -> str:
        math = next(filter(None, found.groups()))
        math = _ROOT.sub(r"√(\1)", _FRACTION.sub(r"\1/\2", math))
        words = re.sub(r"\\([A-Za-z]+)", lambda name: _SIGNS_OF_MATH.get(name[1], name[1]), math)
        words = one_line(re.sub(r"\\[^A-Za-z]", " ", re.sub("[{}]", "", words)))
        return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", words)

    return "" if _MATH.fullmatch(content.strip()) else _MATH.sub(plainly, content)


def _telling(plain: str) -> str:
    """Sentences from the start, until they say something."""
    for found in _END.finditer(plain):
        sentence = plain[: found.end()]
        if _columns(sentence) >= _TELLING and not _is_quoted(plain, found.end()):
            return sentence
    return plain


def _is_quoted(text: str, end: int) -> bool:
    """Whether a quotation goes on there that is closed further behind."""
    closing = ""
    for character in text[:end]:
        if closing:
            closing = "" if character in closing else closing
        else:
            closing = _QUOTATIONS.get(character, "")
    return any(sign in text[end:] for sign in closing)


def _cut(plain: str) -> str:
    """At a clause, else at a word, or in scripts without spaces at a character."""
    if _columns(plain) <= GIST_COLUMNS:
        return plain
    clauses = [plain[: found.start()] for found in _CLAUSE.finditer(plain)]
    fitting = [each for each in clauses if _CLAUSE_COLUMNS <= _columns(each) <= GIST_COLUMNS - 2]
    if fitting:
        return f"{fitting[-1]} …"
    shown = ""
    for character in regex.findall(r"\X", plain):
        if _columns(shown + character) >= GIST_COLUMNS:
            break
        shown += character
    head, space, tail = shown.rpartition(" ")
    return (head if space and len(tail) < GIST_COLUMNS // 3 else shown).rstrip(" ,;:–-") + "…"


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _minutes(text: str) -> str:
    signs = len(_SIGN.findall(text))
    minutes = signs / _SIGNS + len(_SIGN.sub(" ", text).split()) / _WORDS
    if minutes < 0.75:
        return _("½ min to read")
    return n_("{n} min to read", "{n} min to read", round(minutes))
