"""What people read of a deliberation: Progress becomes Documents.

Pure, and blind: no document here names a member, shows a seat's price or seconds, or repeats a
provider's words, except `names`, which one person asked for. Knows no platform and no limit.
"""

from collections.abc import Sequence

from bot import texts
from bot.cleaning import harmless, one_line
from bot.council import Answer, Council, Deliberation, Question, Ranking, Review, Standing
from bot.document import Block, Detail, Document, Heading, Leaf, Note, Table, Text
from bot.protocol.events import Progress
from bot.protocol.masking import mask_self_naming
from bot.protocol.outcome import finish, not_heard
from bot.protocol.ranking import too_close


def headline(progress: Progress) -> Document:
    """The first post of the thread: live state, then the verdict in its place."""
    if progress.finished:
        return verdict(progress.finished, progress.question)
    if progress.stopped:
        kept = len(progress.answers)
        note = f"{kept} finished {'answer is' if kept == 1 else 'answers are'} kept below."
        why = [Text(progress.why)] if progress.why else []
        return Document((Heading("Stopped"), *why, Note(note)))
    if progress.fault:
        return Document((Heading("The council had to stop"), Text(progress.fault)))
    blocks: list[Block] = [Heading("The council is deliberating"), Text(_seats(progress))]
    if progress.draft and (written := progress.draft.text):
        draft = _masked(written, progress.council.members)
        blocks = [Text(draft)]
    blocks.append(Note(_stage(progress)))
    return Document(
        (*blocks, *_read_along(progress.question), *_rehearsal(progress.council.members)), live=True
    )


def waiting(question: Question) -> Document:
    """The first post of a question whose thread is busy with another."""
    text = "Another question of this thread is being deliberated. This one begins after it."
    return Document(
        (Heading("Waiting for its turn"), Text(text), *_read_along(question)), live=True
    )


def verdict(deliberation: Deliberation, question: Question | None = None) -> Document:
    """The headline's last state."""
    models = [member.model for member in deliberation.members]
    blocks: list[Block] = [Text(_verdict_text(deliberation))]
    blocks += [Note(line) for line in (*_cut(deliberation), *_dissent(deliberation))]
    if confidence := _confidence(deliberation):
        blocks.append(Note(" · ".join(confidence)))
    blocks += [Note(line) for line in _degraded(deliberation)]
    if deliberation.answered:
        blocks.append(Note(texts.VERDICT_LEGEND))
    read_along = _read_along(question) if question else []
    return Document((*blocks, *read_along, *_rehearsal(models)), votable=deliberation.answered)


def answer(given: Answer, question: Question, council: Council) -> Document:
    """One member's answer, folded, under its label."""
    shown = _masked(given.text, council.members)
    blocks: list[Leaf] = [Text(shown)]
    cut = texts.broken_off("The answer", finish(given.finish_reason))
    blocks += [Note(line) for line in cut]
    title = f"Answer {given.label} · {len(shown):,} characters" + (" · broken off" if cut else "")
    return Document((Detail(title, tuple(blocks)), Note(texts.LEGEND)), votable=True)


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
            detail.append(Note("The first two are too close to call."))
    detail += [Text(_vote(review)) for review in deliberation.reviews]
    detail += [Note(line) for line in _read_shortened(deliberation)]
    detail += [Note(line) for line in _account(deliberation)]
    if totals:
        rows = tuple((label, str(up), str(down), str(best)) for label, up, down, best in totals)
        detail.append(Table(("Answer", "👍", "👎", "🏆"), rows))
    seats = f"{len(deliberation.answers)} of {len(deliberation.members)} members answered"
    return Document(
        (
            Text(first_sentence(_verdict_text(deliberation))),
            *(Note(line) for line in _cut(deliberation)),
            Detail(f"Ranking and how it came about · {seats}", tuple(detail)),
            Note(f"Vote on the answers above ({texts.LEGEND}), or here: {texts.NONE_LEGEND}"),
        ),
        votable=True,
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
    return Table(("Answer", "Score", "First", "Ballots"), rows)


def names(deliberation: Deliberation) -> Document:
    """Who sits behind each label: for one person, after a reveal."""
    rows = tuple((member.label, member.model) for member in deliberation.members)
    author = deliberation.verdict.written_by
    note = [Note(f"The verdict was written by {author}.")] if author else []
    return Document((Table(("Answer", "Model"), rows), *note))


def transcript(deliberation: Deliberation, question: Question, council: Council) -> str:
    """Everything in one Markdown file, still anonymous, every text whole.

    What people and models wrote stands in quotes: no heading in it can pass for a section.
    """
    parts = [f"# {_one_line(deliberation.question)}", "## Question", _quoted(deliberation.question)]
    if question.quoted:
        parts += ["### About this message", _quoted(question.quoted)]
    parts += [note.text for note in _unread(question)]
    parts += ["## Verdict", _quoted(_verdict_text(deliberation))]
    parts += [*_cut(deliberation), *_dissent(deliberation)]
    parts += _degraded(deliberation)
    for given in deliberation.answers:
        shown = _masked(given.text, council.members)
        parts += [f"## Answer {given.label}", _quoted(shown)]
        parts += texts.broken_off("The answer", finish(given.finish_reason))
    for review in deliberation.reviews:
        if review.text:
            shown = _masked(review.text, council.members)
            parts += [
                f"## Review by the author of Answer {review.label}",
                _vote(review),
                _quoted(shown),
            ]
    if deliberation.standings:
        table = standings_table(deliberation.standings)
        lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
        parts += _read_shortened(deliberation)
        parts += ["## Standings", "\n".join(f"| {' | '.join(cells)} |" for cells in lines)]
    parts += _account(deliberation)
    parts += [block.text for block in _rehearsal([m.model for m in deliberation.members])]
    return "\n\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in harmless(text).split("\n"))


def first_sentence(text: str) -> str:
    """The verdict's bold first sentence, or its first line; at most 300 characters."""
    line = next((line for line in text.splitlines() if line.strip()), "").strip().lstrip("#> ")
    if line.startswith("**") and "**" in line[2:]:
        line = line[: line.index("**", 2) + 2]
    if len(line) <= 300:
        return line
    return line[:299].rstrip("* ") + "…" + ("**" if line.startswith("**") else "")


def _seats(progress: Progress) -> str:
    return "\n".join(f"- {_seat(progress, label)}" for label, _ in progress.labels)


def _seat(progress: Progress, label: str) -> str:
    if label in progress.failures:
        return f"**{label}** ✗ {texts.kind_words(progress.failures[label].kind)}"
    if label not in progress.answers:
        return f"**{label}** … answering" if not progress.reviewers else f"**{label}** ✗ no answer"
    whole = finish(progress.answers[label].finish_reason) == "stop"
    answered = f"**{label}** ✓ answered" + ("" if whole else " (broken off)")
    if label in progress.reviewed:
        return f"{answered}, reviewed"
    if label in progress.reviewers and not progress.ranked:
        return f"{answered}, reviewing …"
    return answered


def _stage(progress: Progress) -> str:
    if progress.author is not None:
        return f"Stage 3 of 3: {_author(progress)} is writing the verdict …"
    if progress.reviewers:
        done = len(progress.reviewed)
        return f"Stage 2 of 3: {done} of {len(progress.reviewers)} reviews are in"
    done = len(progress.answers)
    return f"Stage 1 of 3: {done} of {len(progress.council.members)} answers are in"


def _author(progress: Progress) -> str:
    """Who writes the verdict, and why it is not the chairman; never by name."""
    if progress.author == progress.council.chairman_seat:
        return "The chairman"
    label = next((label for label, seat in progress.labels if seat == progress.author), "?")
    for failure in progress.chairman_failures[:1]:
        kind = texts.kind_words(failure.kind)
        return f"The chairman could not ({kind}), so the author of Answer {label}"
    return f"The author of Answer {label}"


def _masked(text: str, models: Sequence[str]) -> str:
    return mask_self_naming(text, models)[0]


def _verdict_text(deliberation: Deliberation) -> str:
    """An answer may stand for the verdict, and a member may have written it: masked like one."""
    models = [member.model for member in deliberation.members]
    return _masked(deliberation.verdict.text, models)


def _cut(deliberation: Deliberation) -> list[str]:
    return [
        f"⚠ {line}"
        for line in texts.broken_off("The verdict", finish(deliberation.verdict.finish_reason))
    ]


def _dissent(deliberation: Deliberation) -> list[str]:
    models = [member.model for member in deliberation.members]
    dissent = one_line(_masked(deliberation.verdict.dissent or "", models))
    return [f"**Strongest dissent:** {dissent}"] if dissent else []


def _confidence(deliberation: Deliberation) -> list[str]:
    """Words only: agreement among models is no proof (models agree when they are wrong, too)."""
    if not deliberation.answered:
        return []
    line = []
    if agreement := _agreement(deliberation):
        line.append(agreement)
    author = deliberation.verdict.written_by
    seated = {member.model for member in deliberation.members}
    if author and deliberation.verdict.fallback is None and author not in seated:
        line.append(f"verdict by {author}")
    elif deliberation.verdict.fallback is None:
        line.append("verdict by the chairman")
    return line


def _agreement(deliberation: Deliberation) -> str:
    """ "" without any ballot."""
    if not any(review.counted for review in deliberation.reviews):
        return ""
    return texts.agreement(deliberation.standings[0], not_heard(deliberation.reviews))


def _degraded(deliberation: Deliberation) -> list[str]:
    lines = []
    outcome = deliberation.verdict
    if outcome.fallback:
        kind = texts.kind_words(outcome.chairman_error.kind) if outcome.chairman_error else ""
        label = next((m.label for m in deliberation.members if m.seat == outcome.seat), "?")
        lines.append("⚠ " + texts.FALLBACKS[outcome.fallback].format(kind=kind, label=label))
    if outcome.shown_chars is not None:
        lines.append(f"⚠ {texts.SHORTENED_FOR_VERDICT.format(chars=outcome.shown_chars)}")
    missing = [member for member in deliberation.members if member.status == "failed"]
    if missing and deliberation.answered:
        who = ", ".join(f"{member.label} ({texts.error_words(member.error)})" for member in missing)
        lines.append(f"⚠ Without {who}.")
    return lines


def _vote(review: Review) -> str:
    who = f"**Author of {review.label}**"
    if review.counted:
        return f"{who} read {', '.join(review.order)} and ranked {ballot(review.ranking)}"
    if review.error:
        return f"{who} gave no review: {texts.error_words(review.error)}"
    if review.text:
        return f"{who} read {', '.join(review.order)}; the review holds no ranking, so it did not count"
    return f"{who} was not waited for: the first place was decided"


def _read_shortened(deliberation: Deliberation) -> list[str]:
    """Which answers how many reviewers did not read whole, and how much of them was the least."""
    read = [review for review in deliberation.reviews if review.text]
    lines = []
    for given in deliberation.answers:
        length = len(_masked(given.text, [member.model for member in deliberation.members]))
        least = [
            r.shown_chars for r in read if r.shown_chars is not None and r.shown_chars < length
        ]
        if least:
            who = (
                "reviewers" if len(least) == len(read) else f"{len(least)} of {len(read)} reviewers"
            )
            lines.append(
                f"Answer {given.label} was shortened for {who}: "
                f"{min(least):,} of its {length:,} characters, from both ends."
            )
    return lines


def ballot(ranking: Ranking) -> str:
    """`B > A = D > C`"""
    return " > ".join(" = ".join(tied) for tied in ranking)


def _account(deliberation: Deliberation) -> list[str]:
    agreement, timings = deliberation.agreement, deliberation.timings
    lines = []
    stand = _agreement(deliberation)
    if agreement.stopped_early:
        lines.append(f"Stopped early: {stand}.")
    elif stand and not_heard(deliberation.reviews):
        lines.append(f"{stand}.")
    if agreement.kendall_w is not None and not agreement.stopped_early:
        lines.append(f"Agreement of the reviewers (Kendall's W): {agreement.kendall_w:.2f}")
    line = [f"{deliberation.calls} calls"]
    unknown = "" if deliberation.cost_known else " (some prices are unknown, counted as zero)"
    # With one answer, or only one that costs anything, a total would be a seat's own.
    several = len(deliberation.answers) > 1
    if several and sum(answer.cost_usd > 0 for answer in deliberation.answers) != 1:
        line.append(f"${deliberation.cost_usd:.4f}{unknown}")
    if several:
        line.append(f"{timings.verdict:.0f} s")
    return [*lines, " · ".join(line)]


def _unread(question: Question) -> list[Note]:
    return [Note(f"⚠ {sentence}") for sentence in question.unread]


def _read_along(question: Question) -> list[Note]:
    notes = _unread(question)
    if question.quoted:
        notes.append(Note("The council read the message replied to along with the question."))
    if question.earlier:
        notes.append(Note("The council knows the earlier question and verdict of this thread."))
    return notes


def _rehearsal(models: Sequence[str]) -> list[Note]:
    simulated = any(model.startswith("rehearsal/") for model in models)
    return [Note(texts.REHEARSAL)] if simulated else []


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
