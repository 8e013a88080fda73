"""What the posts of one question show, under their keys: while it is served, and in the end."""

from collections.abc import Sequence
from dataclasses import replace

from bot import redaction
from bot.chat import HEADLINE, RANKING, answer_key
from bot.council import Call, Failure, by_models
from bot.document import Document, Text
from bot.language import _
from bot.pages import presenter
from bot.pages.live import Pace
from bot.protocol import outcome, ranking
from bot.protocol.events import Progress
from bot.records import Case, Stop
from bot.store.store import Store
from bot.texts import EXPIRED, kind_of
from bot.votes import Tally, tally


def posts(
    progress: Progress,
    drawn: Progress | None = None,
    *,
    pace: Pace | None = None,
    tally: Tally | None = None,
) -> dict[str, Document]:
    """The headline, and every other post that is new, or has a new state, since `drawn`, in the
    order of the thread."""
    progress = _without_people_alone(progress)
    shown = {HEADLINE: presenter.headline(progress, pace)}
    progress, drawn = _veiled(progress), drawn and _veiled(drawn)
    # A verdict that is written anew rests on answers whose posts are another run's.
    for label, _seat in () if progress.question.redo else progress.labels:
        if drawn is None or _state(progress, label) != _state(drawn, label):
            shown[answer_key(label)] = presenter.seat(progress, label)
    finished = progress.finished
    if finished and finished.answered and finished != (drawn and drawn.finished):
        shown[RANKING] = presenter.ranking(finished, progress.question, tally)
    return shown


def _veiled(progress: Progress) -> Progress:
    """The progress where people answer, too: what nobody has read by then is read once all is in. What
    is there at once, or beside a label more, would be a person's."""
    seating = progress.council.seating
    if seating is None or progress.answers_ended:
        return progress
    seen = {label for label, seat in progress.labels if seat in seating.seen}
    return replace(
        progress,
        answers={label: each for label, each in progress.answers.items() if label in seen},
        failures={label: each for label, each in progress.failures.items() if label in seen},
    )


def _without_people_alone(progress: Progress) -> Progress:
    """The progress of a run that was stopped before any member answered, without what people did: a
    letter that stands there then is known as a person's once somebody goes on with it."""
    if not progress.stopped or by_models(tuple(progress.answers.values())):
        return progress
    return replace(progress, answers={})


def together(progress: Progress) -> Progress:
    """The progress where no answer has a place in the thread before it is there: none is shown until
    their stage ends, so that their order tells nothing of speed."""
    known = {*progress.answers, *progress.failures}
    if progress.finished or known.issuperset(dict(progress.labels)):
        return progress
    ended = progress.answers_ended
    labels = [(label, seat) for label, seat in progress.labels if ended and label in known]
    return replace(progress, labels=tuple(labels))


async def last_posts(case: Case, store: Store, *, stopped_by: str = "") -> dict[str, Document]:
    """What the posts of a case that is over show in the end, as far as its texts are stored.
    `stopped_by` is how whoever stopped it is called."""
    if case.expired_at:
        return {HEADLINE: Document((Text(_(EXPIRED)),))}
    progress = _without_people_alone(as_ended(case, await store.calls(case.id)))
    keys = {post.key for post in await store.posts(case.id)}
    if case.result is None:
        # Of a run that was stopped before it began there is no post to bring up to date.
        known = {*progress.answers, *progress.failures}
        labels = [
            (label, n)
            for label, n in progress.labels
            if label in known or answer_key(label) in keys
        ]
        progress = replace(progress, labels=tuple(labels))
    exhibits = (await store.exhibits(case.id)).values()
    question = replace(await store.numbered(case), exhibits=tuple(exhibits))
    progress = replace(progress, question=question, stopped_by=stopped_by)
    return posts(progress, tally=tally(await store.reactions(case.id)))


async def put_back(store: Store, case: Case, document: Document) -> Document:
    """The document as it is shown where the case was asked, with what placeholders stand for."""
    if not case.council.redact:
        return document
    return redaction.put_back(document, await store.redactions(case))


def _state(progress: Progress, label: str) -> object:
    """What decides what the post of a label shows."""
    return (
        label in dict(progress.labels),
        progress.answers.get(label),
        progress.settled,
        progress.failures.get(label),
        bool(progress.stopped),
        bool(progress.fault),
        bool(progress.finished),
    )


def as_ended(case: Case, calls: Sequence[Call]) -> Progress:
    """How a case that is over ended, as far as the journal tells."""
    labels = ranking.labels_of(case.question, case.council)
    seats = sorted((label, seat) for seat, label in labels.items())
    asked = [call for call in calls if call.stage == "answer"]
    answers = outcome.answers(case.question, case.council, calls)
    failures = {labels[call.seat]: call.failure for call in asked if call.failure}
    if case.result:
        answers = case.result.answers
        failed = [member for member in case.result.members if member.error]
        failures = {m.label: Failure(kind_of(m.error), "") for m in failed}
        labels_asked = {member.label for member in case.result.members}
        seats = [(label, seat) for label, seat in seats if label in labels_asked]
    return Progress(
        case.question,
        case.council,
        labels=tuple(seats),
        answers={answer.label: answer for answer in answers},
        failures=failures,
        reviewers=tuple(labels[call.seat] for call in calls if call.stage == "review"),
        finished=case.result,
        stopped=None if case.result else case.stop or Stop("person", case.question.asked_at),
    )
