"""What people read of a deliberation: Progress becomes Documents.

Pure, and blind: no document here names a member, shows a seat's price or seconds, or repeats a
provider's words, except `names`, which one person asked for. Knows no platform and no limit.

Whatever goes wrong, "no name": no public post names a member before a vote.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot import texts
from bot.cleaning import shortened
from bot.council import (
    AUDITION_RATINGS,
    PERSON,
    Answer,
    Council,
    Deliberation,
    Question,
    Standing,
    by_models,
    takes_people,
)
from bot.document import Block, Button, Detail, Document, Heading, Note, State, Table, Text
from bot.language import _, n_, number
from bot.modes import STEPWISE
from bot.pages.along import read_along
from bot.pages.checked import checked
from bot.pages.comparison import button as compare
from bot.pages.comparison import compared
from bot.pages.gists import (
    demoted,
    expected,
    first_line,
    gist,
    in_bold,
    labelled,
    lead,
    unbolded,
)
from bot.pages.live import Pace, duration, grown, live_lines, people_in, stand_in
from bot.pages.modes import (
    agreed,
    count_of_answers,
    ended_early,
    how_decided,
    looks_closer,
    opens,
    side_by_side,
)
from bot.pages.ranked import discussion_line, hint, ranking_blocks, reviewers_line, title
from bot.pages.sentences import (
    best_first,
    broken_off,
    dissent,
    letters,
    masked,
    rehearsal,
    shortened_for_verdict,
    shown,
    tells_total,
    verdict_text,
    wanted,
    with_audition,
    written_by,
)
from bot.pages.settings import short, unambiguous
from bot.pages.stopped import stopped
from bot.protocol.claims import unmarked
from bot.protocol.conclusion import can_be_ranked
from bot.protocol.events import Progress
from bot.protocol.outcome import finish
from bot.votes import Tally

# An answer of fewer characters stands open.
OPEN_LIMIT_CHARS = 200
# What notifications show of a verdict that begins with no sentence.
LINE_LIMIT_CHARS = 300


# --- The headline


def headline(progress: Progress, pace: Pace | None = None) -> Document:
    """The first post of the thread: live state, then the verdict in its place."""
    question, models = progress.question, progress.council.members
    if progress.finished:
        return verdict(progress.finished, question)
    if progress.stopped:
        return stopped(progress, progress.stopped)
    if progress.fault:
        heading = Heading(_("The council had to stop"))
        return Document((heading, Text(progress.fault)), state="failed")
    if progress.queued is not None:
        return queued(question, progress.queued)
    draft = masked(progress.draft.text, models) if progress.draft else ""
    blocks: list[Block] = [*_draft(draft), Text(live_lines(progress, pace))]
    notes = (grown(progress), people_in(progress.council.people), stand_in(progress))
    blocks += [Note(line) for line in notes if line]
    return Document(
        (*blocks, *read_along(question), *rehearsal(models)),
        state="live",
        buttons=(*_answer(progress), *_enough(progress), Button("stop", _("Stop"))),
        letters=letters((label for label, _seat in progress.labels), question),
    )


def _answer(progress: Progress) -> tuple[Button, ...]:
    """Until the answers are reviewed or ruled on, where more than one is asked."""
    is_open = progress.labels and not progress.answers_ended
    may_join = is_open and takes_people(progress.question, progress.council)
    return (Button("answer", _(texts.ADD_ANSWER)),) if may_join else ()


def _enough(progress: Progress) -> tuple[Button, ...]:
    """While there is something to rule on, and no verdict under way."""
    is_over = progress.enough or progress.author is not None
    is_stepwise = progress.council.mode in STEPWISE
    if not is_stepwise or is_over or not can_be_ranked(tuple(progress.answers.values())):
        return ()
    return (Button("enough", _("Enough")),)


def gathering(question: Question, count: int, until: datetime, now: datetime) -> Document:
    """The first post of a question that waits for answers of people, of which so many are in."""
    minutes = max(1, round((until - now).total_seconds() / 60))
    left = n_(
        "Until {until:%H:%M} UTC, for {n} more minute, anybody here may add an answer. Then the models "
        "are asked, and all answers are ranked together, blind.",
        "Until {until:%H:%M} UTC, for {n} more minutes, anybody here may add an answer. Then the models "
        "are asked, and all answers are ranked together, blind.",
        minutes,
        until=until,
    )
    so_far = people_in(count) or _("No answer of a person is in so far.")
    return Document(
        (Heading(_("Waiting for your answers")), Text(left), Note(so_far), *read_along(question)),
        state="live",
        buttons=(
            Button("answer", _(texts.ADD_ANSWER), primary=True),
            Button("begin", _("Start now")),
            Button("stop", _("Stop")),
        ),
    )


def waiting(question: Question, ahead: int = 1) -> Document:
    """The first post of a question whose thread is busy with so many others that come first."""
    text = n_(
        "Another question of this thread is being deliberated. This one begins after it.",
        "{n} questions of this thread come first. This one begins after them.",
        ahead,
    )
    return _waiting(question, text)


def queued(question: Question, ahead: int) -> Document:
    """The same where as many questions are deliberated as may be at once, and so many wait before."""
    text = _("As many questions are being deliberated as the bot takes at once. This one is next.")
    if ahead:
        text = n_(
            "As many questions are being deliberated as the bot takes at once. {n} more comes "
            "before this one.",
            "As many questions are being deliberated as the bot takes at once. {n} more come "
            "before this one.",
            ahead,
        )
    return _waiting(question, text)


def _waiting(question: Question, text: str) -> Document:
    return Document(
        (Heading(_("Waiting for its turn")), Text(text), *read_along(question)),
        state="live",
        buttons=(Button("stop", _("Stop")),),
    )


def verdict(deliberation: Deliberation, question: Question) -> Document:
    """The headline's last state."""
    if not deliberation.answered:
        return _failed(deliberation, question)
    missing = _missing(deliberation, question)
    cut = broken_off(deliberation)
    state: State = "degraded" if missing or cut else "done"
    votes_here = deliberation.has_verdict
    head = _headed(verdict_text(deliberation))
    if deliberation.mode == "compare":
        head = side_by_side(deliberation)
    if said := agreed(deliberation, question):
        head = [Heading(said), Text(demoted(verdict_text(deliberation)))]
    blocks: list[Block] = [*head, *map(Text, cut)]
    blocks += [Text(f"> {line}") for line in dissent(deliberation)]
    if missing:
        blocks.append(Text(f"⚠️ {missing}"))
    notes = [
        *ended_early(deliberation),
        discussion_line(deliberation, question),
        reviewers_line(deliberation, question),
        *how_decided(deliberation, question),
        " · ".join(filter(None, _account(deliberation))),
        *shortened_for_verdict(deliberation),
        *looks_closer(deliberation),
        *_audition_over(question),
        _(texts.VOTE if votes_here else texts.VOTE_ON_ANSWERS)
        if _explains_votes(deliberation, question)
        else "",
    ]
    blocks += [Note(line) for line in notes if line]
    again = Button("again", _("Ask again"), primary=True)
    return Document(
        (
            *blocks,
            *read_along(question, deliberation.evidence),
            *rehearsal(_models(deliberation)),
        ),
        state=state,
        votable=votes_here,
        buttons=(
            *([again] if state == "degraded" else []),
            Button("follow", _("Follow up"), primary=state == "done"),
            *_audition(question),
            Button("reveal", _("Names")),
            Button("transcript", _("Transcript")),
        ),
        letters=letters((member.label for member in deliberation.members), question),
    )


def _audition_over(question: Question) -> list[str]:
    """That a model's audition is, which was no part of this run."""
    model = question.ended_audition
    if not model:
        return []
    return [
        _(
            "🎭 The audition of {model} is over: {n} of its answers were rated. `/council audition` "
            "says what it would bring.",
            model=short(model),
            n=AUDITION_RATINGS,
        )
    ]


def _audition(question: Question) -> tuple[Button, ...]:
    if not question.ended_audition:
        return ()
    return (Button("audition", _("The audition")),)


def _explains_votes(deliberation: Deliberation, question: Question) -> bool:
    """Once in a thread."""
    return question.number == 1 and deliberation.redo is None


def pointer(verdict: Document) -> Document:
    """What the first post says once the verdict, or whatever ended it, is a post of its own."""
    said = _("The verdict stands further down in this thread.")
    if not verdict.votable:
        said = _("How this ended stands further down in this thread.")
    return Document((Text(said),), state=verdict.state)


def pointer_to_deleted(verdict: Document) -> Document:
    """The same once somebody deleted that post."""
    said = _("The verdict stood further down in this thread, and was deleted.")
    if not verdict.votable:
        said = _("How this ended stood further down in this thread, and was deleted.")
    return Document((Text(said),), state=verdict.state)


def _failed(deliberation: Deliberation, question: Question) -> Document:
    heading = n_(
        "No verdict: the one model asked could not answer",
        "No verdict: none of the {n} models could answer",
        len(_models(deliberation)),
    )
    kinds = [texts.kind_of(member.error) for member in deliberation.members if member.error]
    read = read_along(question, deliberation.evidence)
    notes = (*map(Note, _audition_over(question)), *read, *rehearsal(_models(deliberation)))
    return Document(
        (Heading(heading), Text(texts.causes(kinds)), *notes),
        state="failed",
        buttons=(
            Button("again", _("Try again"), primary=True),
            *_audition(question),
            Button("check", _("Check the council")),
        ),
    )


def _headed(text: str) -> list[Block]:
    """The first sentence as a heading, the rest below it."""
    sentence, rest = lead(text)
    heading: list[Block] = [Heading(sentence)] if sentence else []
    return [*heading, *([Text(demoted(rest))] if rest else [])]


def _draft(text: str) -> list[Block]:
    """The same of what is yet being written: a heading stands once something follows it."""
    return _headed(text) if lead(text)[1] else [Text(text)] if text else []


def _missing(deliberation: Deliberation, question: Question) -> str:
    """What the verdict is without, in sentences; "" where nothing is missing."""
    without = _without(deliberation, question)
    outcome, n, of = deliberation.verdict, len(deliberation.answers), len(wanted(deliberation))
    label = next((m.label for m in deliberation.members if m.seat == outcome.seat), "?")
    if outcome.fallback == "only_answer":
        only = _(
            "**{n} of {of} answered**, so nothing was ranked: this is Answer {label}.",
            n=n,
            of=of,
            label=label,
        )
        return f"{only} {without}." if of > 1 else ""
    sentences = [_("**{n} of {of} answered.**", n=n, of=of), f"{without}."] if n < of else []
    if outcome.chairman_error and outcome.seat is None:
        why = _(texts.CHAIRMAN[outcome.chairman_error.kind])
        sentences.append(_("Nobody could break the tie: {why}.", why=why))
    if outcome.fallback and outcome.chairman_error:
        why = _(texts.CHAIRMAN[outcome.chairman_error.kind])
        sentences.append(_(texts.INSTEAD[outcome.fallback], label=label, why=why))
    return " ".join(sentences)


def _without(deliberation: Deliberation, question: Question) -> str:
    """Who gave no answer, and why: `C: no credit`."""
    return " · ".join(
        f"{shown(member.label, question)}: {texts.error_words(member.error)}"
        for member in wanted(deliberation)
        if member.error
    )


def _account(deliberation: Deliberation) -> Iterator[str]:
    """What it took, as far as that tells nothing of one seat, and who wrote it, unless it sits."""
    n = len(deliberation.answers)
    if n == len(wanted(deliberation)):
        yield n_("{n} answer", "{n} answers", n)
        if people := n - len(by_models(deliberation.answers)):
            yield n_("{n} of them a person's", "{n} of them people's", people)
    if n > 1 and deliberation.timings.verdict is not None:
        yield duration(deliberation.timings.verdict)
    if deliberation.cost_usd and tells_total(deliberation):
        yield _cost(deliberation.cost_usd, deliberation.cost_known)
    if author := written_by(deliberation):
        yield author


def _cost(usd: float, is_known: bool) -> str:
    if usd < 0.005:
        return _("less than $0.01") if is_known else ""
    return f"${usd:.2f}" if is_known else _("at least ${usd:.2f}", usd=usd)


# --- Answers


def answer(given: Answer, question: Question, council: Council) -> Document:
    """One member's answer under its label, folded unless it is short."""
    text = demoted(masked(given.text, council.members).strip())
    label = shown(given.label, question)
    if given.model == PERSON and not text:
        return Document((Note(labelled(label, _(texts.TAKEN_BACK))),))
    cut = texts.broken_off(_("The answer"), finish(given.finish_reason))
    notes = [Note(line) for line in cut]
    if len(text) < OPEN_LIMIT_CHARS:
        return Document((Text(labelled(label, text)), *notes), votable=True)
    parts = [expected(text), _("broken off")] if cut else [expected(text)]
    title = " · ".join(filter(None, (label, gist(text))))
    fold = Detail(title, (Text(text), *notes), hint=" · ".join(parts))
    return Document((fold,), votable=True)


def seat(progress: Progress, label: str) -> Document:
    """The post of a label: its answer, what became of it, or that it is being written."""
    if given := progress.answers.get(label):
        document = answer(given, progress.question, progress.council)
        return document if progress.settled else unvoted(document)
    name = shown(label, progress.question)
    failure = progress.failures.get(label)
    if failure and not progress.finished:
        kind = texts.kind_words(failure.kind)
        said = _("✕ **{label}** gave no answer: {kind}", label=name, kind=kind)
    elif progress.finished:
        said = _("✕ **{label}** gave no answer", label=name)
    elif progress.stopped:
        said = _("✕ **{label}** gave no answer: stopped", label=name)
    elif progress.fault:
        said = _("○ **{label}** has given no answer so far", label=name)
    else:
        return Document((Note(_("○ **{label}** is writing …", label=name)),), state="live")
    return Document((Note(said),))


# --- The ranking, and who wrote what


def _up_there(deliberation: Deliberation) -> str:
    if deliberation.reviews:
        return _("The answers and their ranking stand further up; nobody was asked again.")
    return _("The answers stand further up; nobody was asked again.")


def ranking(deliberation: Deliberation, question: Question, tally: Tally | None = None) -> Document:
    """The last post: the verdict's first sentence, and, folded, how the reviewers ranked.

    `tally` is what people voted so far. Of a verdict that was written anew it says no more than that.
    """
    if deliberation.redo:
        return Document(
            (
                Text(first_sentence(verdict_text(deliberation))),
                Note(_up_there(deliberation)),
            ),
            letters=letters((member.label for member in deliberation.members), question),
        )
    detail = tuple(ranking_blocks(deliberation, question, tally or {}))
    return Document(
        (
            Text(_notifying(deliberation, question)),
            Detail(
                title(deliberation, question),
                detail,
                hint=hint(deliberation, question),
                button=opens(deliberation),
            ),
            *checked(deliberation, question),
            Note(_(texts.NONE_LEGEND)),
        ),
        votable=True,
        buttons=(compare(),) if compared(deliberation, question) else (),
        top="" if deliberation.has_verdict else _("Back to the top"),
        letters=letters((member.label for member in deliberation.members), question),
    )


def _notifying(deliberation: Deliberation, question: Question) -> str:
    if deliberation.mode == "compare":
        return in_bold(count_of_answers(deliberation))
    if said := agreed(deliberation, question):
        return in_bold(said)
    return first_sentence(_plain_verdict(deliberation))


def beneath_verdict(ranking: Document) -> Document:
    """The last post where the verdict is at hand: without the sentence that is there to notify."""
    return replace(
        ranking, blocks=tuple(block for block in ranking.blocks if not isinstance(block, Text))
    )


def unvoted(post: Document) -> Document:
    """A post where nobody can vote, or is told how elsewhere: without what says so."""
    legends = [Note(_(each)) for each in (texts.VOTE, texts.VOTE_ON_ANSWERS, texts.NONE_LEGEND)]
    blocks = tuple(block for block in post.blocks if block not in legends)
    return replace(post, blocks=blocks, votable=False)


def standings_table(standings: Sequence[Standing], question: Question) -> Table:
    """At most 32 columns wide."""
    rows = tuple(
        (
            shown(standing.label, question),
            "-" if standing.score is None else number(standing.score, ".2f"),
            str(standing.first_places),
            str(standing.ballots),
        )
        for standing in best_first(standings)
    )
    return Table((_("Answer"), _("Score"), _("First"), _("Ballots")), rows)


def names(deliberation: Deliberation, question: Question) -> Document:
    """Who sits behind each label: for one person, after a reveal."""
    author = deliberation.verdict.written_by
    called = dict(unambiguous([*_models(deliberation), *([author] if author else [])]))
    called[PERSON] = _("a person")
    rows = tuple(
        (shown(m.label, question), with_audition(m, called[m.model])) for m in deliberation.members
    )
    note = (
        [Note(_("The verdict was written by {author}.", author=called[author]))] if author else []
    )
    return Document((Table((_("Answer"), _("Model")), rows), *note))


def first_sentence(text: str) -> str:
    """The verdict's first sentence in bold, or as much of its first line as fits a notification."""
    if sentence := lead(text)[0]:
        return in_bold(sentence)
    line = unbolded(first_line(text))
    if not line and text.strip():
        return f"**{_('The verdict is there.')}**"
    return shortened(line, LINE_LIMIT_CHARS)


def _plain_verdict(deliberation: Deliberation) -> str:
    """As it is told away from the posts that its letters stand for."""
    text = verdict_text(deliberation)
    return unmarked(text) if deliberation.claims else text


def _models(deliberation: Deliberation) -> list[str]:
    return [member.model for member in deliberation.members if member.model != PERSON]
