"""What goes along with a question, what of it could not be read, and what its council knows: said in
posts. Pure.
"""

from collections.abc import Sequence

from bot.council import Evidence, Past, Question
from bot.document import Note
from bot.language import _, n_
from bot.pages import evidence
from bot.protocol import outcome


def read_along(question: Question, found: Sequence[Evidence] = ()) -> list[Note]:
    """`found` is what a question that is over had with it."""
    notes = unread(question)
    if files := evidence.sentences(found or outcome.evidence(question)):
        notes += map(Note, files)
    elif question.files:
        notes.append(Note(evidence.files_to_read([file.name for file in question.files])))
    if question.alone:
        only = _("Only {label} was asked, with its earlier answer.", label=question.alone.label)
        notes.append(Note(only))
    elif question.quoted:
        notes.append(Note(_("The council read the message replied to along with the question.")))
    if question.past:
        notes.append(Note(" ".join(_known(question.past))))
    return notes


def unread(question: Question) -> list[Note]:
    return [Note(f"⚠ {sentence}") for sentence in question.unread]


def _known(past: Past) -> list[str]:
    """What the council knows of the thread, in sentences."""
    sentences = []
    if past.turns:
        sentences.append(
            n_(
                "The council knows the earlier question and verdict of this thread.",
                "The council knows the {n} questions and verdicts of this thread before this one.",
                len(past.turns),
            )
        )
    if past.turns and past.limit is not None:
        sentences.append(_("They were shortened for it."))
    if past.recap:
        sentences.append(
            n_(
                "It knows {n} older one in short.",
                "It knows {n} older ones in short.",
                past.folded,
            )
        )
    elif past.folded:
        sentences.append(
            n_(
                "{n} older one was too long to go along, and could not be summed up.",
                "{n} older ones were too long to go along, and could not be summed up.",
                past.folded,
            )
        )
    if past.said:
        sentences.append(
            n_(
                "The council read the last message of people here.",
                "The council read the last {n} messages of people here.",
                len(past.said),
            )
        )
    return sentences
