"""A whole deliberation as one file."""

from collections.abc import Iterator

from bot import texts
from bot.cleaning import harmless, one_line, shortened
from bot.council import PERSON, Answer, Council, Deliberation, Question
from bot.language import _
from bot.pages import evidence
from bot.pages.along import unread
from bot.pages.checked import checked_lines
from bot.pages.modes import ended_early, how_decided
from bot.pages.presenter import standings_table
from bot.pages.rounds import in_rounds
from bot.pages.sentences import (
    account,
    broken_off,
    degraded,
    dissent,
    masked,
    read_shortened,
    rehearsal,
    reviews,
    shown,
    verdict_text,
    vote,
    whose_review,
)
from bot.protocol.outcome import finish

TITLE_LIMIT_CHARS = 80


def transcript(deliberation: Deliberation, question: Question, council: Council) -> str:
    """Everything in one Markdown file, still anonymous, every text whole.

    What people and models wrote stands in quotes: no heading in it can pass for a section.
    """
    parts = [
        f"# {shortened(one_line(deliberation.question), TITLE_LIMIT_CHARS)}",
        _("## Question"),
        _quoted(deliberation.question),
    ]
    if question.quoted:
        parts += [_("### About this message"), _quoted(question.quoted)]
    parts += [note.text for note in unread(question)]
    parts += evidence.sentences(deliberation.evidence)
    parts += [_("## Verdict"), _quoted(verdict_text(deliberation))]
    parts += [*broken_off(deliberation), *dissent(deliberation)]
    parts += checked_lines(deliberation, question)
    parts += [*ended_early(deliberation), *degraded(deliberation, question)]
    parts += how_decided(deliberation, question)
    for given in deliberation.answers:
        text = masked(given.text, council.members)
        if given.model == PERSON and not text:
            text = _(texts.TAKEN_BACK)
        parts += [_("## Answer {label}", label=shown(given.label, question)), _quoted(text)]
        parts += texts.broken_off(_("The answer"), finish(given.finish_reason))
        for number, before in _before(deliberation, given):
            name = _("### As it was in round {n}", n=number) if number else _("### As it was first")
            parts += [name, _quoted(masked(before, council.members))]
    parts += in_rounds(deliberation, question)
    for review in reviews(deliberation, question):
        if review.text:
            parts += [
                f"## {whose_review(review, deliberation, question)}",
                vote(review, deliberation, question),
                _quoted(masked(review.text, council.members)),
            ]
    if deliberation.standings:
        table = standings_table(deliberation.standings, question)
        lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
        parts += read_shortened(deliberation, question)
        parts += [_("## Standings"), "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]
    parts += account(deliberation, question)
    parts += [block.text for block in rehearsal([m.model for m in deliberation.members])]
    return "\n\n".join(parts) + "\n"


def _before(deliberation: Deliberation, given: Answer) -> Iterator[tuple[int, str]]:
    """Its earlier texts, each with the number of its round, the first of which is 0."""
    last = ""
    for number, said in enumerate(deliberation.rounds):
        text = next((each.text for each in said if each.label == given.label), last)
        if text not in {last, given.text}:
            yield number, text
        last = text


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in harmless(text).split("\n"))
