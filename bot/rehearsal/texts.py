"""What the simulated models write: answers, reviews and verdicts made of a question's own words.

Total on any text in any script: what people and models wrote is quoted, shortened, never inflected.
Every text says that it is simulated.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bot.protocol.prompts import (
    CHANGED_MARKER,
    DISSENT_MARKER,
    KEPT_MARKER,
    LEFT_OUT_MARKER,
    RANKING_MARKER,
    UNSUPPORTED_MARKER,
)
from bot.protocol.values import offered

_KEEPS, _IS_CONVINCED = 0.5, 0.5
_ADDED = "One thing more decides whether this works:"
_FINAL = re.compile(r"^Final answer: .*$", re.MULTILINE)
_NOTE = "*A simulated rehearsal {}, by no model.*"
_MARKUP = re.compile(r"[*_~<>|\[\]\\`]|://|&#?\w+;")
_PLAIN = re.compile(r"[^()*_~<>|\[\]\\`{}=&/:;]{1,24}")
_PUNCTUATION = ".,;:!?\"'()[]{}<>`“”‘’«»…、。！？，：；"
_INNER_QUOTES = str.maketrans("“”", "‘’", "`")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a about after again also an and another are because been before being between both but "
        "can could did do does doing down each even every for from have here how i if in into is "
        "it just like made make many more most much my need not of on only or other our over same "
        "should so some such than that the their them then there these they this those through to "
        "under up very was we well were what when where which while who why will with without "
        "would you your",
    )
)
_ADVICE = re.compile(
    r"\b(?:ask|check|compare|find|list|pick|start|try|write down)\b", re.IGNORECASE
)

_YES_OR_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|should|will|would|has|have|may|must)\b"
    r"(?!.*\bor\b)[^\n]*\?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)

_FACTORS = (
    "how exact the answer has to be",
    "what the answer will be used for",
    "how costly a mistake would be",
    "what is already known",
    "which words are meant literally",
    "how soon the answer is needed",
)


@dataclass(frozen=True, slots=True)
class Brief:
    """`own` is the reader's answer, `answers` are `(label, text)` in the order shown, `places` are
    `(label, firsts, ballots)`. `compared`: the value of an answer is asked for, where it has one."""

    question: str
    earlier: str
    earlier_verdict: str
    quoted: str
    own: str
    answers: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, int, int], ...]
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """How a simulated model writes an answer, and what it likes in those of others."""

    write: "Callable[[_Matter], str]"
    steps: tuple[str, ...]
    ideal_words: int
    structure: float = 0.0
    example: float = 0.0
    doubt: float = 0.0


_PROPOSAL = """REASONS:
Nobody read the votes: this is a simulated proposal, so that you see what becomes of one.

CRITERIA:
whether a reader can act on it at once, whether it says where it is unsure, and whether it is brief. (A \
simulated text.)"""


def compose(stage: str, brief: Brief, style: Style, rng: Random) -> str:
    """A text for the stage, never empty; an answer where the prompt holds none to judge."""
    if stage == "revision" and brief.answers:
        return _revision(brief, rng)
    if stage == "review" and brief.answers:
        return _review(brief, style, rng)
    if stage == "verdict" and brief.answers:
        return _verdict(brief, rng)
    if stage == "title":
        return " ".join(_keywords(brief.question)[:5]).capitalize() or "A rehearsal"
    if stage == "proposal":
        return _PROPOSAL
    if stage == "recap":
        return f"{_context(brief)}\n\n{_NOTE.format('summary')}".strip()
    if stage == "audit" and brief.answers:
        return _audit(brief)
    written = style.write(_matter(brief, style, rng))
    parts = (_context(brief), written, _NOTE.format("answer"), _value(brief, rng))
    return "\n\n".join(filter(None, parts))


def _value(brief: Brief, rng: Random) -> str:
    """Where the question is a closed one: as often as not what most others say, too."""
    choices = sorted(offered(brief.question))
    if not choices and _YES_OR_NO.match(brief.question):
        choices = ["yes", "no"]
    if not (brief.compared and choices):
        return ""
    return f"Final answer: {rng.choice([choices[0], *choices])}"


def _revision(brief: Brief, rng: Random) -> str:
    """Often nothing; else the answer as it was and a point of another, which may change a view: then
    its value, too, is the other's."""
    if rng.random() < _KEEPS or _ADDED in brief.own:
        return KEPT_MARKER
    label, text = rng.choice(brief.answers)
    own, note = brief.own, _NOTE.format("answer")
    added = f"{_ADDED} {_point(text, *_sentences(own))}"
    revised = own.replace(note, f"{added}\n\n{note}") if note in own else f"{own}\n\n{added}"
    if rng.random() >= _IS_CONVINCED:
        return f"{revised}\n\n{KEPT_MARKER}"
    if value := _FINAL.search(text):
        revised = _FINAL.sub(lambda _own: value[0], revised)
    return f"{revised}\n\n{CHANGED_MARKER} {label}"


def _verdict(brief: Brief, rng: Random) -> str:
    """Written from the top-standing answers; without standings, from those shown first."""
    answers = dict(brief.answers)
    labels = [label for label, _, _ in brief.places if label in answers] or list(answers)
    top, *others = labels
    points = [_point(answers[top])]
    first = (
        f"**For {_quoted(brief.question)}, take Answer {top} as the starting point.** Its most "
        f"useful advice is this: {points[0]} ({top})"
    )
    then = [_context(brief)]
    if others:
        points.append(_point(answers[others[0]], *points))
        then.append(
            f"Answer {others[0]} adds what the first leaves open: {points[1]} ({others[0]}) "
            "Together they make a plan and a check on it: do the one, and use the other to see "
            "whether it worked."
        )
    if others[1:]:
        rest = _listed([f"Answer {label}" for label in others[1:]])
        then.append(f"For another way into the matter, read {rest}.")
    then.append(
        f"What could still change this verdict is {rng.choice(_FACTORS)}: where that is open, "
        f"settle it first and ask again in this thread."
    )
    paragraphs = [first, " ".join(filter(None, then)), _NOTE.format("verdict")]
    if (rival := _rival(brief)) in answers:
        dissent = _point(answers[rival], *points)
        paragraphs.append(f"{DISSENT_MARKER} Answer {rival} would begin elsewhere: {dissent}")
    return "\n\n".join(paragraphs)


def _audit(brief: Brief) -> str:
    """What each of the two answers shown first says besides what a verdict takes from it."""
    lines = []
    for label, text in brief.answers[:2]:
        others = [_quoted(s, 120, otherwise="") for s in _sentences(text)]
        unused = [s for s in others if s and s != _point(text)]
        lines += [f"- {unused[-1]} ({label})"] if unused else []
    return "\n".join((LEFT_OUT_MARKER, *(lines or ["- none"]), "", UNSUPPORTED_MARKER, "- none"))


def _rival(brief: Brief) -> str | None:
    """The answer that most reviewers put first instead of the winner."""
    firsts = {label: n for label, n, _ in brief.places[1:] if n}
    return max(firsts, key=firsts.__getitem__, default=None)


def _point(text: str, *taken: str) -> str:
    """A sentence of an answer, quoted: one that says what to do, if any, and that is not `taken`."""
    quoted = [_quoted(s, 160, otherwise="") for s in _sentences(text)]
    points = [s for s in quoted if s and s not in taken]
    advice = [s for s in points if _ADVICE.search(s)]
    return next(iter(advice + points), _quoted(text, 160, otherwise="nothing that can be quoted."))


@dataclass(frozen=True, slots=True)
class _Looks:
    """What can be seen of an answer without understanding it."""

    words: int
    step: bool
    structure: bool
    example: bool
    doubt: bool
    shared: float


def _looks(text: str, keywords: list[str]) -> _Looks:
    lower = text.lower()
    return _Looks(
        words=len(text.split()),
        step=_ADVICE.search(text) is not None,
        structure=re.search(r"^\s*(?:#+|[-*+]|\d+[.)])\s|^```", text, re.MULTILINE) is not None,
        example=re.search(r"\b(?:example|imagine|for instance)\b", lower) is not None,
        doubt=re.search(r"\b(?:depends?|perhaps|may|might)\b", lower) is not None,
        shared=sum(word.lower() in lower for word in keywords) / max(len(keywords), 1),
    )


def _score(looks: _Looks, text: str, style: Style, rng: Random) -> float:
    fit = 1 / (1 + abs(math.log2(max(looks.words, 1) / style.ideal_words)))
    score = fit + 0.4 * looks.step + 0.4 * looks.shared
    score += style.structure * looks.structure + style.example * looks.example
    score += style.doubt * looks.doubt
    # Readers agree on much that cannot be seen here; drawn from the text, it is the same for all.
    return score + Random(text).gauss(0, 0.5) + rng.gauss(0, 0.2)


def _review(brief: Brief, style: Style, rng: Random) -> str:
    keywords = _keywords(brief.question)
    looks = {label: _looks(text, keywords) for label, text in brief.answers}
    scores = {label: _score(looks[label], text, style, rng) for label, text in brief.answers}
    comments = [f"Answer {label} {_comment(looks[label], rng)}." for label, _ in brief.answers]
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    ranking = [f"{place}. Answer {label}" for place, label in enumerate(ranked, 1)]
    return "\n\n".join((_NOTE.format("review"), *comments, "\n".join((RANKING_MARKER, *ranking))))


def _comment(looks: _Looks, rng: Random) -> str:
    length = "1 word" if looks.words == 1 else f"{looks.words} words"
    praise = [
        words
        for seen, words in (
            (looks.step, "names something concrete to do first"),
            (looks.structure, "is easy to scan"),
            (looks.example, "makes its point with an example"),
            (looks.doubt, "says where it is not sure"),
            (looks.shared == 1, "keeps to the words of the question"),
        )
        if seen
    ] or [f"says what it has to say in {length}"]
    blame = [
        words
        for missing, words in (
            (not looks.step, "names no first step"),
            (not looks.example, "gives no example"),
            (not looks.doubt, "never says what it is unsure of"),
            (looks.words > 150, f"takes {length}"),
            (looks.words < 70, f"leaves a lot out in its {length}"),
        )
        if missing
    ] or ["does not say where its points come from"]
    return f"{rng.choice(praise)}, but {rng.choice(blame)}"


@dataclass(frozen=True, slots=True)
class _Matter:
    """What an answer is made of: quoted words of the question and some drawn advice."""

    topic: str
    words: str
    options: tuple[str, str] | None
    factors: list[str]
    steps: list[str]


def _matter(brief: Brief, style: Style, rng: Random) -> _Matter:
    words = [f"“{word}”" for word in _keywords(brief.question)[:3]]
    return _Matter(
        topic=_quoted(brief.question),
        words=_listed(words) or "its words",
        options=_options(brief.question),
        factors=rng.sample(_FACTORS, 2),
        steps=rng.sample(style.steps, 3),
    )


def _listed(items: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _brisk(matter: _Matter) -> str:
    choice = "The simplest answer that fits is good enough to begin with."
    if matter.options:
        one, other = matter.options
        choice = f"Between {one} and {other}, take the one that is easier to leave again."
    return (
        f"**The short answer to {matter.topic}: it depends on {matter.factors[0]}.** "
        f"{_capital(matter.steps[0])}. {choice}"
    )


def _thorough(matter: _Matter) -> str:
    both = "Weigh both kinds of answer before settling on one."
    if matter.options:
        one, other = matter.options
        both = f"Put {one} and {other} through the same steps; what still differs decides."
    steps = "\n".join(f"{n}. {_capital(step)}." for n, step in enumerate(matter.steps, 1))
    return f"""## What is being asked

A lot in {matter.topic} hangs on the meaning of {matter.words}. A good answer depends on \
{matter.factors[0]}, and then on {matter.factors[1]}.

## How to get there

{steps}

Each step is worth taking only if the one before it left something open. {both}

## What speaks for which kind of answer

| Kind of answer | Good when | Risk |
| --- | --- | --- |
| Short | the facts are settled | hides what it assumes |
| Careful | a mistake is expensive | comes too late |
| None yet | the question is still moving | looks like avoiding it |

## In short

Settle {matter.factors[0]}, take the first step, and look at the result. If it holds, write it \
down together with the reason, so that nobody has to ask again. If it does not, the second step \
will show which assumption was wrong, and that is an answer too."""


def _sceptical(matter: _Matter) -> str:
    doubt = "It may also be the wrong question: the one behind it is rarely written down."
    if matter.options:
        one, other = matter.options
        doubt = f"And {one} or {other} may be the wrong pair: a third way is rarely on the list."
    return (
        f"**Before answering {matter.topic}, question the question.** It takes the meaning of "
        f"{matter.words} for granted, and two people may read it in two ways. {doubt}\n\n"
        f"Perhaps nothing would change if the answer were known; then it can wait. Otherwise the "
        f"honest reply is that it depends on {matter.factors[0]}, and that any confident answer "
        f"which does not mention this should be doubted. A better use of the time: {matter.steps[0]}."
    )


def _narrative(matter: _Matter) -> str:
    trial = "They agree on one small trial before lunch."
    if matter.options:
        one, other = matter.options
        trial = f"They give {one} one morning and {other} the next."
    return (
        f"**An example says more than a rule.** Imagine a team that asks {matter.topic} on a "
        f"Monday. By noon there are three opinions and no answer, because everybody has another "
        f"case in mind.\n\nThen the newest colleague asks {matter.factors[0]}. Nobody had said it "
        f"aloud. {trial} The advice on the whiteboard is short: {matter.steps[0]}.\n\n"
        f"By Wednesday the answer fits on one line, and, better still, everybody can see why. The "
        f"moral for {matter.words}: an answer that was tried once is worth more than one that was "
        f"argued all week."
    )


BRISK = Style(
    _brisk,
    (
        "try the simplest candidate first and see where it fails",
        "pick one, and write down what would make you change it",
        "start with the smallest case that can be checked by hand",
    ),
    ideal_words=60,
)
THOROUGH = Style(
    _thorough,
    (
        "write down in one line what would count as a good answer",
        "list what is certain and mark everything else as a guess",
        "compare two answers on the same case, side by side",
        "check the weakest assumption before the strongest one",
    ),
    ideal_words=180,
    structure=0.3,
)
SCEPTICAL = Style(
    _sceptical,
    (
        "ask what would change the answer, and look there first",
        "find the strongest case against it before believing it",
        "check who would be harmed by a wrong answer",
    ),
    ideal_words=100,
    doubt=0.3,
)
NARRATIVE = Style(
    _narrative,
    (
        "find somebody who has been through it and ask what surprised them",
        "try it on one real case before talking about all of them",
        "start where the last attempt went wrong",
    ),
    ideal_words=120,
    example=0.3,
)


def _context(brief: Brief) -> str:
    """What a follow-up builds on, in a sentence each."""
    sentences = []
    if brief.earlier:
        verdict = next(iter(_sentences(brief.earlier_verdict)), brief.earlier_verdict)
        sentences.append(
            f"This follows on from {_quoted(brief.earlier, otherwise='an earlier question')}, "
            f"where the verdict began {_quoted(verdict, 120, otherwise='without a sentence')}."
        )
    if brief.quoted:
        message = _quoted(brief.quoted, otherwise="without any text")
        sentences.append(f"It is about the message that begins {message}.")
    return " ".join(sentences)


def _shortened(text: str, limit_chars: int) -> str:
    if len(text) <= limit_chars:
        return text
    head = text[:limit_chars]
    space = head.rfind(" ")
    # Scripts without spaces are cut anywhere, yet never right behind an emoji's joiner.
    return head[: space if space > limit_chars // 2 else None].rstrip(" ,;:.\u200d") + "…"


def _quoted(text: str, limit_chars: int = 80, *, otherwise: str = "this question") -> str:
    """The text's beginning in quotation marks, or as code where it would read as Markdown."""
    words = " ".join(text.translate(_INNER_QUOTES).split())
    short = _shortened("".join(c for c in words if c.isprintable() or c == "\u200d"), limit_chars)
    if not short.strip("\u200d "):
        return otherwise
    return f"`{short}`" if _MARKUP.search(short) else f"“{short}”"


def _plain_words(text: str) -> list[str]:
    """The words that can stand in quotation marks as they are, whatever the script."""
    words = [word.strip(_PUNCTUATION) for word in text.split()]
    words = [word for word in words if word.isprintable() and any(map(str.isalnum, word))]
    return [word for word in words if _PLAIN.fullmatch(word)]


def _keywords(text: str) -> list[str]:
    """The words that carry a text, each once, in their order."""
    words = [w for w in _plain_words(text) if len(w) > 3 or (len(w) > 1 and not w.isascii())]
    return list(dict.fromkeys(w for w in words if w.lower() not in _COMMON))


def _options(question: str) -> tuple[str, str] | None:
    """The words on both sides of an "or", quoted, where the question offers such a choice."""
    words = _plain_words(question)
    for one, between, other in zip(words, words[1:], words[2:], strict=False):
        if between.lower() == "or" and not {one.lower(), other.lower()} & _COMMON:
            return f"“{one}”", f"“{other}”"
    return None


# None in a quotation.
_SENTENCE_ENDS = re.compile(r"(?<=[.!?。！？])\s+(?![^“”]{0,200}”)")


def _sentences(text: str) -> list[str]:
    """A text's running sentences; headings, tables, code and closing notes are none."""
    text = re.sub(r"```.*?(```|\Z)", "", text, flags=re.DOTALL)
    lines = [re.sub(r"^\s*(?:[-*+>]|\d+[.)])\s+", "", line) for line in text.splitlines()]
    running = [line for line in lines if not re.match(r"\s*(?:#|\||\*[^*])", line)]
    split = [_SENTENCE_ENDS.split(line.replace("**", "").strip()) for line in running]
    return [sentence for line in split for sentence in line if sentence]
