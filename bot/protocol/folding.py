"""Texts as they look, for finding words in them however they are disguised.

Compatibility forms (full-width, mathematical, circled letters) become plain, letters of other
scripts that look Latin become Latin, and what nobody sees goes. Every place in the result leads
back to the text as it was written, which alone is ever shown. Pure, linear.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Unicode's confusables have thousands; these are letters that pass as Latin at a glance.
# Source: Unicode's confusables.txt of Unicode Technical Standard 39.
_ALIKE = {
    "A": "АΑᴀᎪꓮⲀ", "B": "ВΒʙᏴꓐⲂ", "C": "СϹᴄᏟꓚⲤ", "D": "ᴅᎠꓓ", "E": "ЕΕᴇᎬꓰⲈ", "F": "ꜰꓝ", "G": "ԌɢᏀꓖ",
    "H": "НΗʜᎻꓧⲎ", "I": "ІΙɪᏆꓲⲒ", "J": "ЈᴊᎫꓙ", "K": "КΚᴋᏦꓗⲔ", "L": "ʟᏞꓡ", "M": "МΜᴍᎷꓟⲘ", "N": "ΝɴꓠⲚ",
    "O": "ОΟᴏՕꓳⲞ", "P": "РΡᴘᏢꓑⲢ", "Q": "Ԛ", "R": "ʀᏒ", "S": "ЅꜱᏚՏꓢ", "T": "ТΤᴛᎢꓔⲦ", "U": "ᴜՍ", "V": "ᴠᏙ",
    "W": "ԜᴡᎳ", "X": "ХΧ", "Y": "УΥʏҮ", "Z": "ΖᴢᏃ", "a": "аαɑ", "c": "сϲ", "d": "ԁ", "e": "еҽε", "g": "ɡց",
    "h": "һհ", "i": "іιıɩ", "j": "јϳ", "k": "кκ", "l": "ӏ", "n": "ո", "o": "оοօ", "p": "рρ", "q": "ԛգ",
    "s": "ѕ", "t": "τ", "u": "υս", "v": "ν", "w": "ԝ", "x": "хχ", "y": "уγ", "'": "ʼʹ´",
}  # fmt: skip
LATIN = {alike: letter for letter, alikes in _ALIKE.items() for alike in alikes}

# Shown as nothing although they are no format characters: fillers, a joiner, variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# A symbol in name only.
_BRAILLE_BLANK = "\u2800"

# A base with its marks (no writing stacks more than thirty; source: UAX 15, stream-safe text),
# marks without one, conjoining Hangul, control characters, and single characters of all scripts but
# those whose everyday letters are folded already.
_ODD = re.compile(
    "[^\u0300-\u036f][\u0300-\u036f]{1,30}|[\u0300-\u036f]{1,30}|[\u1100-\u11ff]{1,30}"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    "|[^\x00-\x7f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_JOINING = re.compile("[\u0300-\u036f\u1100-\u11ff]")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text`, and for each of its characters where in the original it starts and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of `text`, not an empty one, was made of."""
        return self.starts[start], self.ends[end - 1]

    def without(self, unseen: re.Pattern[str]) -> "Folded":
        """The same without what is found there."""
        spans = [found.span() for found in unseen.finditer(self.text)]
        if not spans:
            return self
        kept = list(
            zip(
                (0, *(end for _, end in spans)),
                (*(start for start, _ in spans), len(self.text)),
                strict=True,
            )
        )
        return Folded(
            "".join(self.text[start:end] for start, end in kept),
            [place for start, end in kept for place in self.starts[start:end]],
            [place for start, end in kept for place in self.ends[start:end]],
        )


def fold(text: str) -> Folded:
    if text.isascii() and not _CONTROL.search(text):
        return _as_written(text)
    odd = {character for character in set(text) if _ODD.match(character)}
    plain = {ord(character): _plain(character) for character in odd}
    # Most texts have no character that is shown as none, as several, or together with another.
    if not any(_JOINING.match(character) for character in odd) and all(
        len(each) == 1 for each in plain.values()
    ):
        return _as_written(_ODD.sub(lambda found: plain[ord(found[0])], text))
    return _folded_in_pieces(text)


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of it."""
    return not fold(text).text.replace(_BRAILLE_BLANK, "").strip()


def _as_written(text: str) -> Folded:
    """Every character where it is in the original."""
    return Folded(text, range(len(text)), range(1, len(text) + 1))


def _folded_in_pieces(text: str) -> Folded:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for odd in _ODD.finditer(text):
        plain = _plain(odd[0])
        pieces += (text[at : odd.start()], plain)
        starts += (*range(at, odd.start()), *([odd.start()] * len(plain)))
        ends += (*range(at + 1, odd.start() + 1), *([odd.end()] * len(plain)))
        at = odd.end()
    pieces.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return Folded("".join(pieces), starts, ends)


@lru_cache(maxsize=4_096)
def _plain(odd: str) -> str:
    """What a character, or one with its marks, looks like; "" for what nobody sees.

    Marks that make no letter of any language with a Latin base, such as strokes through it, go.
    """
    seen = "".join(
        character
        for character in unicodedata.normalize("NFKC", _latin(odd))
        if unicodedata.category(character) not in {"Cc", "Cf"} and not _UNSEEN.match(character)
    )
    return re.sub("(?:(?<=[A-Za-z])|^)[\u0300-\u036f]+", "", _latin(seen))


def _latin(text: str) -> str:
    return "".join(LATIN.get(character, character) for character in text)
