"""Thoughts that models write into their answers, told apart from the answer.

Most servers send reasoning in a field of its own. Where nobody parses a model's template it stands
in the text, between marks of the model's family, or its opening mark stands in the prompt and only
the closing one is seen.
"""

import re
from bisect import bisect_left

# Opening and closing marks: DeepSeek, Qwen and most others; Seed; Magistral; Kimi; Cohere; Sky-T1 and
# its kin; gpt-oss (harmony).
_TAGS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "seed:think")
_MARKS = {
    **{f"<{tag}>": f"</{tag}>" for tag in _TAGS},
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
_LONGEST = max(map(len, _MARKS))
_OPEN = re.compile("|".join(map(re.escape, _MARKS)), re.IGNORECASE)
_CLOSE = re.compile("|".join(map(re.escape, _MARKS.values())), re.IGNORECASE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
# A thought in between begins a line; within a line, people and models speak of the mark itself.
_OPEN_LINE = re.compile(rf"^[ \t]*(?:{_OPEN.pattern})", re.IGNORECASE | re.MULTILINE)


# What the same templates write around an answer, where nobody takes it off.
_BEGIN = re.compile(
    r"\s*(?:<\|start_response\|>|<\|begin_of_solution\|>|<\|start\|>assistant(?=<\|channel\|>))",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:<\|end_response\|>|<\|end_of_solution\|>|<\|return\|>|<\|end\|>)\s*\Z", re.IGNORECASE
)


def without_thoughts(text: str) -> tuple[str, bool]:
    """The answer alone, and whether the text ended within a thought, before any answer.

    A mark counts outside of code: at the beginning, or at the beginning of a line where it is
    closed again. A closing mark that nothing opened ends a thought that the prompt began.
    """
    if not _OPEN.search(text) and not _CLOSE.search(text):
        return text, False
    text, unended = _without_leading(_unwrapped(text))
    if unended:
        return "", True
    text = _without_prompted(text)
    return _unwrapped(_without_later(text)), False


def shown_so_far(text: str) -> str:
    """What may be shown of a text that is still being written: no thought that has not ended yet,
    and no beginning of a mark."""
    shown, unended = without_thoughts(text)
    if unended:
        return ""
    fences = _fences(shown)
    for opened in _OPEN_LINE.finditer(shown):
        if not bisect_left(fences, opened.start()) % 2:
            return shown[: opened.start()].rstrip()
    line = shown[shown.rfind("\n") + 1 :]
    if line.strip() and len(line) < _LONGEST + 8 and _may_open(line.strip()):
        return shown[: len(shown) - len(line)].rstrip()
    return shown


def _unwrapped(text: str) -> str:
    begun = _BEGIN.match(text)
    text = text[begun.end() :] if begun else text
    ended = _END.search(text, max(0, len(text) - 40))
    return text[: ended.start()] if ended else text


def _without_leading(text: str) -> tuple[str, bool]:
    at = 0
    while opened := _OPEN.match(text, _skip_blank(text, at)):
        closing = _closing(opened)
        end = _find(text, closing, opened.end())
        if end < 0:
            return "", True
        at = end + len(closing)
    return (text[at:].lstrip() if at else text), False


def begins_in_thought(text: str) -> bool:
    """Whether a text begins within a thought that only the prompt opened."""
    return _unopened(text) is not None


def _without_prompted(text: str) -> str:
    closed = _unopened(text)
    return text[closed.end() :].lstrip() if closed else text


def _unopened(text: str) -> "re.Match[str] | None":
    closed = _CLOSE.search(text)
    if closed is None or _is_spoken_of(text, closed):
        return None
    # A thought speaks of marks, too; only one that begins a line opens it, unless the other does not.
    begins = not text[text.rfind("\n", 0, closed.start()) + 1 : closed.start()].strip()
    opening = _OPEN_LINE if begins else _OPEN
    return None if opening.search(text, 0, closed.start()) else closed


def _without_later(text: str) -> str:
    kept: list[str] = []
    at = 0
    fences = _fences(text)
    for opened in _OPEN_LINE.finditer(text):
        if opened.start() < at or bisect_left(fences, opened.start()) % 2:
            continue
        closing = _closing(opened)
        end = _find(text, closing, opened.end())
        if end < 0:
            break
        kept.append(text[at : opened.start()])
        at = end + len(closing)
    return "".join([*kept, text[at:]]).strip() if kept else text


def _closing(opened: "re.Match[str]") -> str:
    return _MARKS[opened[0].strip().lower()]


def _find(text: str, mark: str, start: int) -> int:
    found = re.compile(re.escape(mark), re.IGNORECASE).search(text, start)
    return found.start() if found else -1


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _is_spoken_of(text: str, mark: "re.Match[str]") -> bool:
    """Whether a mark stands in code, in quotes or as a word of a sentence."""
    before, after = text[max(0, mark.start() - 1) : mark.start()], text[mark.end() : mark.end() + 1]
    if before + after == "  " or any(char in "`'\"" for char in before + after):
        return True
    return bisect_left(_fences(text), mark.start()) % 2 == 1


def _fences(text: str) -> list[int]:
    """Where blocks of code begin and end, in turn."""
    return [fence.start() for fence in _FENCE.finditer(text)]


class ThoughtFilter:
    """What of a text may be shown while it arrives: nothing of a thought at its beginning.

    `thinking` is whether the model is known to begin within a thought that the prompt opened. What
    is shown is a preview; the whole text is read by `without_thoughts`.
    """

    def __init__(self, *, thinking: bool) -> None:
        self._closing = "</think>" if thinking else ""
        self._held = ""
        self.passing = False

    @property
    def within(self) -> bool:
        """Whether what comes next is a thought."""
        return bool(self._closing)

    def feed(self, piece: str) -> str:
        """What of the text so far is now known to be answer."""
        self._held += piece
        if self._closing:
            end = _find(self._held, self._closing, 0)
            if end < 0:
                self._held = self._held[1 - len(self._closing) :]
                return ""
            self._held = self._held[end + len(self._closing) :]
            self._closing = ""
        start = self._held.lstrip()
        if opened := _OPEN.match(start):
            self._closing = _closing(opened)
            self._held = start[opened.end() :]
            return self.feed("")
        if not start or (len(start) < _LONGEST and _may_open(start)):
            return ""
        self.passing = True
        shown, self._held = self._held, ""
        return shown


def _may_open(start: str) -> bool:
    lowered = start.lower()
    return any(mark.startswith(lowered) for mark in _MARKS)
