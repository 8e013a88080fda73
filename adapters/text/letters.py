"""Labels in a verdict that stand for posts: shown as people know them, and as links there.

A verdict names answers as "(B)", "(A, C)", "Answer B" or "answers A and C". A capital letter alone
is no label, since "A" is an article. Knows no platform: whoever calls tells each post's URL.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import regex

from adapters.text.reading import STRICT, is_dense, read
from bot.document import Letter


def linked_letters(text: str, letters: Sequence[Letter], url: Callable[[str], str | None]) -> str:
    """`text` with each label that stands for a post as people see it, a link where `url(key)` knows
    the post's.

    Code, links and addresses stay as they are, and so does all other text. The links are our own,
    and `honest_links` would take them apart: this comes behind it, and before the text is cut.
    """
    known = {letter.written: letter for letter in letters}
    if not known or is_dense(text) or not (found := _found(text, known)):
        return text
    kept = list(_kept(text))
    shown, offset = [], 0
    for start, end in found:
        if not any(first < end and start < last for first, last in kept):
            letter = known[text[start:end]]
            target = url(letter.key)
            shown += [text[offset:start], f"[{letter.shown}]({target})" if target else letter.shown]
            offset = end
    return "".join([*shown, text[offset:]])


def _found(text: str, labels: Collection[str]) -> list[tuple[int, int]]:
    """Where labels stand, in code and links, too."""
    label = rf"(?:\*\*|[*_])?(?P<label>{'|'.join(map(regex.escape, labels))})(?:\*\*|[*_])?"
    listed = rf"\({label}(?:{_BETWEEN}{label})*\)"
    named = rf"[Aa]nswers?[ \u00a0]{label}{_END}(?:{_AND}{label}{_END})*"
    pattern = rf"(?<![\p{{Latin}}\p{{Greek}}\p{{M}}\p{{N}}_\]\\])(?:{listed}|{named})"
    return [span for match in regex.finditer(pattern, text) for span in match.spans("label")]


# Not "Answer C++", "A/B", "B-tree" or a longer word; scripts that put endings right behind may.
_END = r"(?![\p{Latin}\p{M}\p{N}_/+#-])"
_AND = r"(?:,? (?:and|or|&) |, |–)"
_BETWEEN = r"(?:,? (?:and|or|&) |[,;] ?| ?[/+–] ?)"
_ADDRESS = regex.compile(r"(?:https?://|www\.)\S+", regex.IGNORECASE)


def _kept(text: str) -> Iterator[tuple[int, int]]:
    """Where text stays as it is: code by any reading, links, and what platforms make links of."""
    for span in read(text).spans():
        yield span.start, span.end
    source = read(text, STRICT)
    for token in source.tokens:
        if token.type in ("code_block", "html_block"):
            yield source.lines(token)
    for match in _ADDRESS.finditer(text):
        yield match.span()
