"""What people read of a deliberation: Progress becomes Documents.

Pure, and blind: no document here names a member, shows a seat's price or seconds, or repeats a
provider's words, except `names`, which one person asked for. Knows no platform and no limit.
"""

from collections.abc import Sequence

from bot import texts
from bot.council import Answer, Council, Deliberation, Question, Standing
from bot.document import Block, Button, Detail, Document, Heading, Leaf, Note, Table, Text
from bot.language import N_, _, n_
from bot.pages.sentences import (
    account,
    broken_off,
    degraded,
    dissent,
    masked,
    read_shortened,
    rehearsal,
    reviewers_stand,
    unread,
    verdict_text,
    vote,
)
from bot.protocol.events import Progress
from bot.protocol.outcome import finish
from bot.protocol.ranking import too_close


def headline(progress: Progress) -> Document:
    """The first post of the thread: live state, then the verdict in its place."""
    if progress.finished:
        return verdict(progress.finished, progress.question)
    if progress.stopped:
        kept = len(progress.answers)
        note = n_(
            "{n} finished answer is kept below.", "{n} finished answers are kept below.", kept
        )
        why = [Text(progress.why)] if progress.why else []
        return Document((Heading(_("Stopped")), *why, Note(note)))
    if progress.fault:
        return Document((Heading(_("The council had to stop")), Text(progress.fault)))
    blocks: list[Block] = [Heading(_("The council is deliberating")), Text(_seats(progress))]
    if progress.draft and (written := progress.draft.text):
        draft = masked(written, progress.council.members)
        blocks = [Text(draft)]
    blocks.append(Note(_stage(progress)))
    return Document(
        (*blocks, *_read_along(progress.question), *rehearsal(progress.council.members)),
        state="live",
        buttons=(_stop(),),
    )


def waiting(question: Question) -> Document:
    """The first post of a question whose thread is busy with another."""
    text = _("Another question of this thread is being deliberated. This one begins after it.")
    return Document(
        (Heading(_("Waiting for its turn")), Text(text), *_read_along(question)),
        state="live",
        buttons=(_stop(),),
    )


def verdict(deliberation: Deliberation, question: Question | None = None) -> Document:
    """The headline's last state."""
    models = [member.model for member in deliberation.members]
    blocks: list[Block] = [Text(verdict_text(deliberation))]
    blocks += [Note(line) for line in (*broken_off(deliberation), *dissent(deliberation))]
    if confidence := _confidence(deliberation):
        blocks.append(Note(" · ".join(confidence)))
    blocks += [Note(line) for line in degraded(deliberation)]
    if deliberation.answered:
        blocks.append(Note(_(texts.VERDICT_LEGEND)))
    read_along = _read_along(question) if question else []
    return Document((*blocks, *read_along, *rehearsal(models)), votable=deliberation.answered)


def answer(given: Answer, question: Question, council: Council) -> Document:
    """One member's answer, folded, under its label."""
    shown = masked(given.text, council.members)
    blocks: list[Leaf] = [Text(shown)]
    cut = texts.broken_off(_("The answer"), finish(given.finish_reason))
    blocks += [Note(line) for line in cut]
    parts = [_("Answer {label}", label=given.label), _("{chars:,} characters", chars=len(shown))]
    title = " · ".join([*parts, _("broken off")] if cut else parts)
    return Document((Detail(title, tuple(blocks)), Note(_(texts.LEGEND))), votable=True)


def ranking(
    deliberation: Deliberation, totals: Sequence[tuple[str, int, int, int]] = ()
) -> Document:
    """The last post: the verdict's first sentence, then, folded, how it came about.

    `totals` are people's votes: label, acceptances, rejections, trophies.
    """
    detail: list[Leaf] = []
    if any(standing.ballots for standing in deliberation.standings):
        detail.append(standings_table(deliberation.standings))
        if too_close(deliberation.standings):
            detail.append(Note(_("The first two are too close to call.")))
    detail += [Text(vote(review)) for review in deliberation.reviews]
    detail += [Note(line) for line in read_shortened(deliberation)]
    detail += [Note(line) for line in account(deliberation)]
    if totals:
        rows = tuple((label, str(up), str(down), str(best)) for label, up, down, best in totals)
        detail.append(Table((_("Answer"), "👍", "👎", "🏆"), rows))
    seats = _(
        "{answers} of {members} members answered",
        answers=len(deliberation.answers),
        members=len(deliberation.members),
    )
    return Document(
        (
            Text(first_sentence(verdict_text(deliberation))),
            *(Note(line) for line in broken_off(deliberation)),
            Detail(_("Ranking and how it came about · {seats}", seats=seats), tuple(detail)),
            Note(
                _(
                    "Vote on the answers above ({legend}), or here: {none}",
                    legend=texts.LEGEND,
                    none=texts.NONE_LEGEND,
                )
            ),
        ),
        votable=True,
        buttons=(Button("reveal", _("Reveal names")),),
    )


def standings_table(standings: Sequence[Standing]) -> Table:
    """At most 32 columns wide."""
    rows = tuple(
        (
            standing.label,
            "-" if standing.score is None else f"{standing.score:.2f}",
            str(standing.first_places),
            str(standing.ballots),
        )
        for standing in standings
    )
    return Table((_("Answer"), _("Score"), _("First"), _("Ballots")), rows)


def names(deliberation: Deliberation) -> Document:
    """Who sits behind each label: for one person, after a reveal."""
    rows = tuple((member.label, member.model) for member in deliberation.members)
    author = deliberation.verdict.written_by
    note = [Note(_("The verdict was written by {author}.", author=author))] if author else []
    return Document((Table((_("Answer"), _("Model")), rows), *note))


def first_sentence(text: str) -> str:
    """The verdict's bold first sentence, or its first line; at most 300 characters."""
    line = next((line for line in text.splitlines() if line.strip()), "").strip().lstrip("#> ")
    if line.startswith("**") and "**" in line[2:]:
        line = line[: line.index("**", 2) + 2]
    if len(line) <= 300:
        return line
    return line[:299].rstrip("* ") + "…" + ("**" if line.startswith("**") else "")


def _stop() -> Button:
    return Button("stop", _("Stop"))


def _seats(progress: Progress) -> str:
    return "\n".join(f"- {_seat(progress, label)}" for label, _ in progress.labels)


def _seat(progress: Progress, label: str) -> str:
    if label in progress.failures:
        return f"**{label}** ✗ {texts.kind_words(progress.failures[label].kind)}"
    if label not in progress.answers:
        waiting = N_("**{label}** … answering")
        return _(N_("**{label}** ✗ no answer") if progress.reviewers else waiting, label=label)
    whole = finish(progress.answers[label].finish_reason) == "stop"
    answered = N_("**{label}** ✓ answered") if whole else N_("**{label}** ✓ answered (broken off)")
    now = _(answered, label=label)
    if label in progress.reviewed:
        return _("{answered}, reviewed", answered=now)
    if label in progress.reviewers and not progress.ranked:
        return _("{answered}, reviewing …", answered=now)
    return now


def _stage(progress: Progress) -> str:
    if progress.author is not None:
        return _("Stage 3 of 3: {author} is writing the verdict …", author=_author(progress))
    if progress.reviewers:
        done = len(progress.reviewed)
        return _(
            "Stage 2 of 3: {done} of {reviewers} reviews are in",
            done=done,
            reviewers=len(progress.reviewers),
        )
    done = len(progress.answers)
    return _(
        "Stage 1 of 3: {done} of {members} answers are in",
        done=done,
        members=len(progress.council.members),
    )


def _author(progress: Progress) -> str:
    """Who writes the verdict, and why it is not the chairman; never by name."""
    if progress.author == progress.council.chairman_seat:
        return _("The chairman")
    label = next((label for label, seat in progress.labels if seat == progress.author), "?")
    for failure in progress.chairman_failures[:1]:
        kind = texts.kind_words(failure.kind)
        return _(
            "The chairman could not ({kind}), so the author of Answer {label}",
            kind=kind,
            label=label,
        )
    return _("The author of Answer {label}", label=label)


def _confidence(deliberation: Deliberation) -> list[str]:
    """Words only: agreement among models is no proof (models agree when they are wrong, too)."""
    if not deliberation.answered:
        return []
    line = []
    if agreement := reviewers_stand(deliberation):
        line.append(agreement)
    author = deliberation.verdict.written_by
    seated = {member.model for member in deliberation.members}
    if author and deliberation.verdict.fallback is None and author not in seated:
        line.append(_("verdict by {author}", author=author))
    elif deliberation.verdict.fallback is None:
        line.append(_("verdict by the chairman"))
    return line


def _read_along(question: Question) -> list[Note]:
    notes = unread(question)
    if question.quoted:
        notes.append(Note(_("The council read the message replied to along with the question.")))
    if question.earlier:
        notes.append(Note(_("The council knows the earlier question and verdict of this thread.")))
    return notes
