"""What a verdict claims by which answers: the letters in brackets behind a claim, "(A)" or "(A, C)".

Read tolerantly, counted strictly: a letter of no answer is neither shown nor counted, nor is that of
an answer which plainly speaks of something else. That a letter stands there says whence the chairman
has the claim, not that it is true. Pure.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from bot.cleaning import one_line, shortened
from bot.council import Answer, Claim, Question
from bot.protocol.overlap import shared, words
from bot.protocol.values import offered

CLAIMS_LIMIT, CLAIM_LIMIT_CHARS = 60, 300

# A claim of fewer words and characters is none yet: its sentence goes on.
_LEAST_WORDS, _LEAST_CHARS = 3, 12
# No sentence that anybody reads has more marks.
_MARKS_LIMIT = 40
# An answer speaks of something else where it has none of so many words, though it is long, and
# another has half of them.
_TELLING_WORDS, _LONG_WORDS, _HALF = 4, 40, 0.5

_ALONE = re.compile(r"\b[B-HJ-Z]\b")

_LABEL = r"(?:\*\*|[*_])?[A-Z](?:\*\*|[*_])?"
_LISTED = rf"(?:[Aa]nswers?[ \u00a0])?{_LABEL}(?:(?:,? ?(?:and|or|&|\+) ?|[,;/，、] ?){_LABEL})*+"
# Behind a space, or a script that sets none; "f(A)" and "[A](link)" are something else.
_MARK = regex.compile(
    rf"(?<![\p{{Latin}}\p{{Greek}}\p{{M}}\p{{N}}_\]\\])"
    rf"(?:[(（]\s?{_LISTED}\s?[)）]|\[{_LISTED}\](?![(\[:]))"
)
_CODE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|\$\$.*?\$\$|\$(?=\S)[^$\n]+(?<=\S)\$(?!\d)",
    re.DOTALL,
)
_BULLET = re.compile(r"(?:[ \t]|>|[-*+][ \t]|#{1,6}[ \t]|\d{1,3}[.)][ \t])*")
# Neither "e.g. this", nor between a full stop and its mark.
_SENTENCE_END = regex.compile(
    rf"(?<![.!?…])[.!?…]++[\"'”’»*_]*+(?:\s+{_MARK.pattern})*+\s++(?![\p{{Ll}}]|{_MARK.pattern})"
    rf"|[。！？]++[」』”’]*+(?:\s*{_MARK.pattern})*+\s*+"
)
# Whatever follows a mark behind one of these is another claim.
_CLAUSE = tuple(",;:—–，；：、")
_ENDS = regex.compile(r"\s*(?:$|[\p{P}])")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark in the text, the words that it stands behind, and its letters."""

    start: int
    end: int
    claim: str
    letters: tuple[str, ...]


def offers_letters(question: Question, labels: Collection[str]) -> bool:
    """Whether "(B)" may be a choice of the question's, so that it stands for no answer."""
    before = [turn.question for turn in question.past.turns] if question.past else []
    asked = "\n".join((question.text, question.quoted, *before))
    return len(offered(asked) & set(labels)) > 1


def credited(text: str, answers: Sequence[Answer], question: Question) -> str:
    """The verdict as it is shown: without letters that stand for no answer behind a claim."""
    labels = {answer.label: answer.text for answer in answers}
    if offers_letters(question, labels):
        return text
    own = set(_ALONE.findall(question.text))
    pieces, at = [], 0
    for mark, kept in _kept(text, labels):
        is_none = not kept and (own.issuperset(mark.letters) or not _ENDS.match(text, mark.end))
        if kept == mark.letters or is_none:
            continue
        before = text[at : mark.start]
        pieces += [before, f"({', '.join(kept)})"] if kept else [before.rstrip(" \u00a0")]
        at = mark.end
    return "".join((*pieces, text[at:]))


def claims(text: str, answers: Sequence[Answer], question: Question) -> tuple[Claim, ...]:
    """What is claimed with letters of answers, in the order of the text."""
    labels = {answer.label: answer.text for answer in answers}
    if offers_letters(question, labels):
        return ()
    found: dict[str, dict[str, None]] = {}
    for mark, kept in _kept(text, labels):
        if kept:
            found.setdefault(mark.claim, {}).update(dict.fromkeys(kept))
    every = [Claim(claim, tuple(sorted(letters))) for claim, letters in found.items()]
    return tuple(every[:CLAIMS_LIMIT])


def unmarked(text: str) -> str:
    """The text without any marks."""
    pieces, at = [], 0
    for mark in _marks(text):
        pieces.append(text[at : mark.start].rstrip(" \u00a0"))
        at = mark.end
    return "".join((*pieces, text[at:]))


def _kept(text: str, answers: Mapping[str, str]) -> Iterator[tuple[_Mark, tuple[str, ...]]]:
    """Each mark with those of its letters that count."""
    marks = list(_marks(text))
    # Read for marks alone: a draft is shown again and again, and answers are long.
    have = {label: words(answer) for label, answer in answers.items()} if marks else {}
    for mark in marks:
        said = words(mark.claim)
        shares = {label: shared(said, theirs) for label, theirs in have.items()}
        is_telling = len(said) >= _TELLING_WORDS and max(shares.values(), default=0) >= _HALF
        yield (
            mark,
            tuple(
                letter
                for letter in mark.letters
                if letter in have
                and not (is_telling and not shares[letter] and len(have[letter]) >= _LONG_WORDS)
            ),
        )


def _marks(text: str) -> Iterator[_Mark]:
    prose = _CODE.sub(lambda code: "\0" * len(code[0]), text)
    for start, end in _sentences(prose):
        found = list(_MARK.finditer(prose, start, end))
        if len(found) <= _MARKS_LIMIT:
            yield from _of_sentence(text, start, end, found)


def _of_sentence(
    text: str, start: int, end: int, found: Sequence[regex.Match[str]]
) -> Iterator[_Mark]:
    """Those of one sentence. Each closes a clause of its own; one that is too short to claim
    anything goes on to the next mark, or to the sentence's end."""
    open: list[regex.Match[str]] = []
    clause = ""
    for place, mark in enumerate(found):
        clause += text[start : mark.start()]
        if not clause.strip():
            return  # a list of the verdict's own
        open.append(mark)
        start = mark.end()
        is_last = place == len(found) - 1
        if is_last and not text[start:end].lstrip().startswith(_CLAUSE):
            clause += text[start:end]
        elif not is_last and _is_short(clause):
            continue
        for each in open:
            letters = dict.fromkeys(re.findall(r"[A-Z](?![a-z])", each[0]))
            yield _Mark(each.start(), each.end(), _bare(clause), tuple(letters))
        open, clause = [], ""


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.split("\n"):
        end = at + len(line)
        bullet = _BULLET.match(text, at, end)
        start = bullet.end() if bullet else at
        for stop in _SENTENCE_END.finditer(text, start, end):
            yield start, stop.end()
            start = stop.end()
        yield start, end
        at = end + 1


def _is_short(clause: str) -> bool:
    bare = _bare(clause)
    return len(bare.split()) < _LEAST_WORDS and len(bare) < _LEAST_CHARS


def _bare(clause: str) -> str:
    """A claim's words as plain text on one line."""
    line = one_line(re.sub(r"\*\*|__|[*_`](?=\w)|(?<=\w)[*_`]", "", clause))
    line = re.sub(r"\s+(?=[.,;:!?])", "", line).strip(" ,;:—–，；：、").rstrip(".。")
    return shortened(line, CLAIM_LIMIT_CHARS)
