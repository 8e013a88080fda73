"""Markdown as it is read here, and where its blocks, fences, code spans and links stand.

By markdown-it-py, with one rule of its own: emphasis in scripts that put no space between words.

The parser tells lines of blocks but no offsets within them, so the inline rules are wrapped to note
where they matched. Knows nothing of what the offsets are for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, backtick, image, link
from markdown_it.rules_inline.state_inline import Delimiter, Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

from bot.cleaning import harmless

Rule = Callable[[StateInline, bool], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the source that is not plain text, told apart by its first characters.

    `opening` is "`" for a code span, "```" for a fence, "[", "![" or "<" for a link, an image or an
    autolink, and "[:" for the bracket that opens a reference definition. `label` and `target` are
    the source of what is shown and the decoded address.
    """

    opening: str
    start: int
    end: int
    label_start: int = 0
    label_end: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced code block: opening line, body, and closing line, which may be missing (`tail ==
    end`). `prefix` is what a further line needs to stand in the same quotes and lists."""

    start: int
    body: int
    tail: int
    end: int
    prefix: str
    markup: str
    info: str


def _noting(rule: Rule) -> Rule:
    def noting(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        # An image's description is parsed on its own, at positions that mean nothing here.
        if silent or len(state.src) != state.env["length"]:
            return True
        for token in state.tokens[known:]:
            if token.type in ("code_inline", "image", "link_open"):
                state.env["spans"].append(_span(state, token, start))
                break
        return True

    return noting


def _span(state: StateInline, token: Token, start: int) -> Span:
    offset, end = state.env["offset"], state.pos
    if token.type == "code_inline":
        return Span("`", offset + start, offset + end)
    if token.markup == "autolink":
        opening, label_end, target = "<", end - 1, token.attrs["href"]
    elif token.type == "image":
        opening, label_end = "![", state.md.helpers.parseLinkLabel(state, start + 1)
        target = token.attrs["src"]
    else:
        opening, label_end = "[", state.md.helpers.parseLinkLabel(state, start, True)
        target = token.attrs["href"]
    label_start = offset + start + len(opening)
    return Span(opening, offset + start, offset + end, label_start, offset + label_end, str(target))


# Characters of scripts that are written without spaces, or that put endings right behind a word,
# and their punctuation and full-width forms.
_SPACELESS = re.compile(
    r"[\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u1b00-\u1b7f\u2e80-\u9fff\ua960-\ua9df"
    r"\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001b000-\U0001b2ff\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class _Run:
    """Signs of emphasis that stand together. What they may do by our own rule alone is `opens` and
    `closes`; what they do is in `delimiters`, from the index `first` on, once all are paired."""

    start: int
    end: int
    opens: bool
    closes: bool
    delimiters: list[Delimiter]
    first: int


class _Inline(StateInline):
    """Lets emphasis end in punctuation before a letter, in scripts without spaces.

    The standard takes signs between punctuation and a letter for part of a word, so that
    `**\u300cA\u300d**\u3067\u3059` is bold nowhere. Such a letter counts as a space here; so does
    any letter where the punctuation, or what that stands by, is of such a script.
    Source: CommonMark 0.31, "Left-flanking delimiter run".
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._runs: list[_Run] = []

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # the name is markdown-it's
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before = self.src[start - 1 : start] if start else ""
        behind = self.src[end : end + 1] if end < self.posMax else ""
        # Names with underscores are common, and no emphasis.
        reach = 0 if self.src[start] == "_" else 2
        opens = not scanned.can_open and _is_sign(behind)
        opens = opens and _are_spaceless(before, self.src[end : min(end + reach, self.posMax)])
        closes = not scanned.can_close and _is_sign(before)
        closes = closes and _are_spaceless(behind, self.src[max(start - reach, 0) : start])
        known = self.delimiters
        self._runs.append(_Run(start, end, opens, closes, known, len(known)))
        return Scanned(scanned.can_open or opens, scanned.can_close or closes, scanned.length)

    def relaxed(self) -> Iterator[int]:
        """Where emphasis begins or ends by our own rule alone, once everything is paired."""
        lists = {id(run.delimiters): run.delimiters for run in self._runs}
        ends = {(list_id, each.end) for list_id, lot in lists.items() for each in lot}
        last: dict[int, int] = {}  # of each list, where the run behind begins
        for run in reversed(self._runs):
            list_id = id(run.delimiters)
            behind = last.get(list_id, len(run.delimiters))
            last[list_id] = run.first
            opened = any(each.end >= 0 for each in run.delimiters[run.first : behind])
            closed = any((list_id, index) in ends for index in range(run.first, behind))
            if run.opens and opened and not closed:
                yield run.start
            if run.closes and closed and not opened:
                yield run.end


def _are_spaceless(outside: str, inside: str) -> bool:
    """Whether one of the characters around a sign is of a script without spaces."""
    return bool(_SPACELESS.match(outside) or (outside.isalnum() and _SPACELESS.search(inside)))


def _is_sign(character: str) -> bool:
    return bool(character) and not character.isalnum() and not character.isspace()


class _InlineParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _Inline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        if src is env.get("whole"):  # the description of an image is parsed as well
            env["relaxed"].update(state.relaxed())
        return state.tokens


def _clean(state: StateCore) -> None:
    """An entity may yet stand for what was taken out of the source."""
    for block in state.tokens if "&" in state.src else ():
        for token in block.children or ():
            token.content = harmless(token.content)


class Parser(MarkdownIt):
    """CommonMark with tables and strikethrough."""

    def __init__(self, *, html: bool = False) -> None:
        super().__init__("commonmark", {"html": html})
        self.inline = _InlineParser()
        self.configure("commonmark")
        self.options["html"] = html
        self.enable(["table", "strikethrough"])
        self.core.ruler.push("clean", _clean)


class Reader(Parser):
    """The same, accepting every link target, with a note of where each span stands."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(html=html)
        rules: dict[str, Rule] = {
            "backticks": backtick,
            "link": link,
            "image": image,
            "autolink": autolink,
        }
        for name, rule in rules.items():
            self.inline.ruler.at(name, _noting(rule))

    def validateLink(self, url: str) -> bool:  # the name is markdown-it's
        return True


# As written in the standard.
STRICT = Reader(html=True)
# Chat platforms know neither HTML nor indented code: what looks so is live text to them.
LENIENT = Reader(html=False)
LENIENT.disable("code")


@dataclass(frozen=True, slots=True)
class Source:
    """A text read into blocks. `starts` are the offsets of its lines, then its length."""

    text: str
    reader: Reader
    tokens: tuple[Token, ...]
    starts: tuple[int, ...]
    references: dict[str, dict[str, Any]]
    definitions: tuple[int, ...]

    def lines(self, token: Token) -> tuple[int, int]:
        """The offsets at which the lines of a block begin and end."""
        assert token.map is not None
        first, last = token.map
        return self.starts[first], self.starts[min(last, len(self.starts) - 1)]

    def fences(self) -> Iterator[Fence]:
        for token in self.tokens:
            if token.type == "fence":
                yield self._fence(token)

    def tables(self) -> Iterator[tuple[int, int, int]]:
        """Where each table starts, where the line behind its header ends, and where it ends."""
        for token in self.tokens:
            if token.type == "table_open":
                assert token.map is not None
                start, end = self.lines(token)
                yield start, self.starts[token.map[0] + 2], end

    def block_starts(self) -> list[int]:
        """Where a block starts that stands in no other, except right behind a heading."""
        starts = []
        headed = False
        for token in self.tokens:
            if token.map and token.level == 0:
                if not headed:
                    starts.append(self.starts[token.map[0]])
                headed = token.type == "heading_open"
        return starts

    def inner_starts(self) -> list[int]:
        """Where a block starts, at any depth."""
        return sorted({self.starts[token.map[0]] for token in self.tokens if token.map})

    def spans(self) -> list[Span]:
        """All spans by their offset in the text; those inside a link's label follow the link."""
        spans = [Span("```", fence.start, fence.end) for fence in self.fences()]
        for offset in self.definitions:
            spans.append(Span("[:", offset, offset + 1))
        for start, end in {self.lines(token) for token in self.tokens if token.type == "inline"}:
            spans += self._inline_spans(self.text[start:end], start)
        return sorted(spans, key=lambda span: (span.start, -span.end))

    def relaxed(self) -> list[int]:
        """Where emphasis begins or ends by our own rule alone, and a space would do it for all."""
        offsets: set[int] = set()
        for start, end in {self.lines(token) for token in self.tokens if token.type == "inline"}:
            if re.search(r"[*_~]", self.text[start:end]):
                text, found = self.text[start:end], set[int]()
                notes = {"whole": text, "relaxed": found, "length": -1, "references": {}}
                self.reader.inline.parse(text, self.reader, notes, [])
                offsets.update(start + offset for offset in found)
        return sorted(offsets)

    def contents(self) -> Iterator[tuple[str, list[Span]]]:
        """What the parser itself reads inline, with the spans by their offset in that.

        Differs from `spans` where the markers of quotes stand between the lines of a paragraph, or
        code seems to reach from one cell of a table to another.
        """
        for token in self.tokens:
            if token.type == "inline":
                yield token.content, self._inline_spans(token.content, 0)

    def _fence(self, token: Token) -> Fence:
        assert token.map is not None
        start, end = self.lines(token)
        body = min(self.starts[token.map[0] + 1], end)
        # The last line of an unclosed fence may be without its end.
        lines = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
        closed = token.map[1] - token.map[0] == lines + 2
        tail = self.starts[token.map[1] - 1] if closed else end
        before = self.text[start:body].partition(token.markup)[0]
        return Fence(
            start, body, tail, end, re.sub(r"[^>\s]", " ", before), token.markup, token.info
        )

    def _inline_spans(self, content: str, offset: int) -> list[Span]:
        if not re.search(r"[`\[<]", content):
            return []
        spans: list[Span] = []
        notes = {
            "references": self.references,
            "length": len(content),
            "spans": spans,
            "offset": offset,
        }
        self.reader.inline.parse(content, self.reader, notes, [])
        return spans


# What no text has that people read, per text; reading it would take seconds.
_LINES_LIMIT, _SIGNS_LIMIT = 8_000, 16_000


def is_dense(text: str) -> bool:
    """Whether a text is little but signs and line ends, and so not worth being read as Markdown."""
    return text.count("\n") > _LINES_LIMIT or sum(map(text.count, "[]<>*_~`|")) > _SIGNS_LIMIT


def read(text: str, reader: Reader = LENIENT) -> Source:
    """Read a text into blocks; one that `is_dense` has none."""
    if is_dense(text):
        return Source(text, reader, (), _line_starts(text), {}, ())
    # Both kinds of line end become the one the parser knows, without moving any offset.
    text = re.sub(r"\r(?!\n)", "\n", text).replace("\r\n", " \n")
    notes: dict[str, Any] = {}
    tokens: list[Token] = []
    reader.block.parse(text, reader, notes, tokens)
    starts = _line_starts(text)
    references = notes.get("references", {})
    definitions = [*references.values(), *notes.get("duplicate_refs", ())]
    # What stands before a definition in its line are markers of quotes and lists.
    brackets = sorted(text.index("[", starts[definition["map"][0]]) for definition in definitions)
    return Source(text, reader, tuple(tokens), starts, references, tuple(brackets))


def _line_starts(text: str) -> tuple[int, ...]:
    starts = (0, *(match.end() for match in re.finditer("\n", text)))
    return starts if starts[-1] == len(text) else (*starts, len(text))
