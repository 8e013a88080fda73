"""What is said of a deliberation in its posts and its transcript alike, blind. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from bot import texts
from bot.chat import answer_key
from bot.cleaning import one_line
from bot.council import Change, Deliberation, EndedEarly, Past, Question, Review, Standing
from bot.document import Letter, Note
from bot.language import N_, Message, _, n_
from bot.pages.prices import where_from
from bot.protocol.claims import offers_letters
from bot.protocol.masking import mask_self_naming
from bot.protocol.outcome import finish, not_heard

_ENDED: Mapping[EndedEarly, Message] = {
    "enough": N_("⏩ Ended early, as somebody asked: this is the verdict of what there was."),
    "no_credit": N_(
        "⏩ Ended early: no budget had room for more. This is the verdict of what there was."
    ),
}
NOT_REVIEWED = N_("Nobody reviewed the answers.")


def masked(text: str, models: Sequence[str]) -> str:
    return mask_self_naming(text, models)[0]


def verdict_text(deliberation: Deliberation) -> str:
    """An answer may stand for the verdict, and a member may have written it: masked like one."""
    models = [member.model for member in deliberation.members]
    return masked(deliberation.verdict.text, models)


def shown(label: str, question: Question) -> str:
    """A label as people see it: it carries the number of a thread's later question, as in "2B"."""
    return label if question.number == 1 else f"{question.number}{label}"


def letters(labels: Iterable[str], question: Question) -> tuple[Letter, ...]:
    """What the labels in a verdict stand for; nothing where the question itself offers such letters:
    "(B)" then is a choice."""
    labels = tuple(labels)
    if offers_letters(question, labels):
        return ()
    return tuple(Letter(label, answer_key(label), shown(label, question)) for label in labels)


def broken_off(deliberation: Deliberation) -> list[str]:
    return [
        f"⚠ {line}"
        for line in texts.broken_off(_("The verdict"), finish(deliberation.verdict.finish_reason))
    ]


def dissent(deliberation: Deliberation) -> list[str]:
    """The chairman's own."""
    models = [member.model for member in deliberation.members]
    dissent = one_line(masked(deliberation.verdict.dissent or "", models))
    return [_("**But:** {dissent}", dissent=dissent)] if dissent else []


def best_first(standings: Sequence[Standing]) -> list[Standing]:
    """Those of one score by label: the lot that decides between them says nothing to people."""
    return sorted(standings, key=lambda each: (-round(each.score or 0, 9), each.label))


def reviewers_stand(
    standings: Sequence[Standing], missing: Sequence[str], named: Callable[[str], str] = str
) -> str:
    """Whom how many reviewers put first, and who was not heard, in sentences with labels in bold.

    `missing` are the labels of those, `named` says how a label is shown; "" without any ballot.
    """
    heard = standings[0].ballots if standings else 0
    if not heard:
        return ""
    sentences = [f"{_who_first(standings, heard, named, is_complete=not missing)}."]
    if missing:
        labels = ", ".join(map(named, missing))
        n = len(missing)
        sentences.append(
            n_("{n} was not heard ({labels}).", "{n} were not heard ({labels}).", n, labels=labels)
        )
    return " ".join(sentences)


def based_on(deliberation: Deliberation) -> str:
    """On how many reviews a verdict rests that was begun before the last of those heard were in;
    "" where all of them are told of already, or an answer stands for it."""
    verdict, heard = deliberation.verdict, deliberation.agreement.heard
    if verdict.ballots is None or verdict.written_by is None or verdict.ballots >= (heard or 0):
        return ""
    of = len(deliberation.reviews)
    return _("Based on {n} of {of} reviews.", n=verdict.ballots, of=of)


def discussion(deliberation: Deliberation, question: Question) -> str:
    """How many members changed their mind once they knew the other answers, and towards which; ""
    where they did not get to know them."""
    if len(deliberation.rounds) < 2:
        return ""
    of, last = len(deliberation.answers), {c.label: c.towards for c in deliberation.changes}
    if not last:
        return _("Nobody changed their mind after reading the other answers.")
    n = len(last)
    letters = Counter(shown(label, question) for label in last.values() if label)
    if not letters:
        return n_(
            "{n} of {of} changed its mind after reading the other answers.",
            "{n} of {of} changed their mind after reading the other answers.",
            n,
            of=of,
        )
    parts = [_("**{label}**", label=label) for label, _count in letters.most_common()]
    if len(letters) > 1 or letters.total() < n:
        parts = [
            _("{n} towards **{label}**", n=count, label=label)
            for label, count in letters.most_common()
        ]
        return n_(
            "{n} of {of} changed its mind: {towards}.",
            "{n} of {of} changed their mind: {towards}.",
            n,
            of=of,
            towards=", ".join(parts),
        )
    return n_(
        "{n} of {of} changed its mind, towards {label}.",
        "{n} of {of} changed their mind, towards {label}.",
        n,
        of=of,
        label=parts[0],
    )


def in_rounds(deliberation: Deliberation, question: Question) -> list[str]:
    """What each round changed, a line each; who gave nothing in it kept its answer."""
    lines = []
    for number, said in enumerate(deliberation.rounds[1:], start=1):
        heard = {each.label for each in said}
        changed = [_changed(c, question) for c in deliberation.changes if c.round == number]
        missing = [
            _("{label} was not heard and kept its answer", label=shown(each.label, question))
            for each in deliberation.answers
            if each.label not in heard
        ]
        what = "; ".join((*changed, *missing)) or _("nobody changed their mind")
        lines.append(_("Round {n}: {what}.", n=number, what=what))
    return lines


def _changed(change: Change, question: Question) -> str:
    label = shown(change.label, question)
    if change.towards is None:
        return _("{label} changed its mind", label=label)
    other = shown(change.towards, question)
    return _("{label} changed its mind, towards {other}", label=label, other=other)


def same_answer(deliberation: Deliberation) -> str:
    """How many answers say what the first does; "" where no other one does, or none can tell."""
    same, of = deliberation.agreement.same_answer, len(deliberation.answers)
    if same is None or same < 2:
        return ""
    return n_("{n} of {of} answers say the same.", "{n} of {of} answers say the same.", same, of=of)


def verified(deliberation: Deliberation, named: Callable[[str], str]) -> str:
    """Whether a second review put the verdict before the best answer; "" where there was none."""
    found = deliberation.verdict.verification
    if found is None:
        return ""
    if not found.ballots:
        return _("A second review of the verdict came to nothing: it is not verified.")
    above, below, of, label = found.above, found.below, found.ballots, named(found.best)
    if above > below:
        return _(
            "**The verdict beat the best answer.** In a second blind review, {above} of {of} put it "
            "before {label}.",
            above=above,
            of=of,
            label=label,
        )
    if above < below:
        return _(
            "**The verdict did not beat the best answer.** In a second blind review, {below} of {of} "
            "put {label} before it.",
            below=below,
            of=of,
            label=label,
        )
    return _(
        "**Verdict and best answer are level.** In a second blind review, {above} of {of} put the "
        "verdict before {label}, {below} behind it.",
        above=above,
        of=of,
        label=label,
        below=below,
    )


def ended_early(deliberation: Deliberation) -> list[str]:
    """Why it is without a stage, and which."""
    if deliberation.ended_early is None:
        return []
    why = _ENDED[deliberation.ended_early]
    return [_(why) if deliberation.reviews else f"{_(why)} {_(NOT_REVIEWED)}"]


def put_first(standings: Sequence[Standing]) -> list[Standing]:
    """Whoever any reviewer put first alone, most of them first."""
    found = [standing for standing in best_first(standings) if standing.first_places]
    return sorted(found, key=lambda standing: -standing.first_places)


def _who_first(
    standings: Sequence[Standing], heard: int, named: Callable[[str], str], *, is_complete: bool
) -> str:
    firsts = put_first(standings)
    if not firsts:
        return _("None of {heard} put one answer alone first", heard=heard)
    top, *others = ((each.first_places, named(each.label)) for each in firsts)
    n, label = top
    if n == heard == 1:
        return _("The one reviewer heard put **{label}** first", label=label)
    if n == heard:
        all_of = (
            N_("All {n} reviewers put **{label}** first")
            if is_complete
            else N_("All {n} heard put **{label}** first")
        )
        return _(all_of, n=n, label=label)
    parts = [_("{n} of {heard} put **{label}** first", n=n, heard=heard, label=label)]
    parts += [_("{n} put **{label}**", n=n, label=label) for n, label in others]
    if tied := heard - sum(each.first_places for each in firsts):
        parts.append(_("{n} put none alone first", n=tied))
    return ", ".join(parts)


def degraded(deliberation: Deliberation, question: Question) -> list[str]:
    lines = []
    outcome = deliberation.verdict
    if outcome.fallback:
        kind = texts.kind_words(outcome.chairman_error.kind) if outcome.chairman_error else ""
        label = next((m.label for m in deliberation.members if m.seat == outcome.seat), "?")
        label = shown(label, question)
        lines.append("⚠ " + _(texts.FALLBACKS[outcome.fallback], kind=kind, label=label))
    lines += shortened_for_verdict(deliberation)
    missing = [member for member in deliberation.members if member.status == "failed"]
    if missing and deliberation.answered:
        who = ", ".join(
            f"{shown(member.label, question)} ({texts.error_words(member.error)})"
            for member in missing
        )
        lines.append("⚠ " + _("Without {who}.", who=who))
    return lines


def written_by(deliberation: Deliberation) -> str:
    """Who wrote the verdict: named only without a seat, "" where somebody else or nobody did."""
    author, seated = deliberation.verdict.written_by, [m.model for m in deliberation.members]
    if not author or author in seated or deliberation.verdict.fallback:
        return ""
    return _("written by {author}", author=author.rpartition("/")[2])


def shortened_for_verdict(deliberation: Deliberation) -> list[str]:
    chars = deliberation.verdict.shown_chars
    return [] if chars is None else ["⚠ " + _(texts.SHORTENED_FOR_VERDICT, chars=chars)]


def vote(review: Review, question: Question) -> str:
    who = _("**Author of {label}**", label=shown(review.label, question))
    read = ", ".join(shown(label, question) for label in review.order)
    if review.counted:
        ranking = [[shown(label, question) for label in tied] for tied in review.ranking]
        return _(
            "{who} read {order} and ranked {ranking}",
            who=who,
            order=read,
            ranking=ballot(ranking),
        )
    if review.error:
        return _("{who} gave no review: {error}", who=who, error=texts.error_words(review.error))
    if review.text:
        return _(
            "{who} read {order}; the review holds no ranking, so it did not count",
            who=who,
            order=read,
        )
    return _("{who} was not waited for: the first place was decided", who=who)


def ballot(ranking: Sequence[Sequence[str]]) -> str:
    """`B > A = D > C`"""
    return " > ".join(" = ".join(tied) for tied in ranking)


def read_shortened(deliberation: Deliberation, question: Question) -> list[str]:
    """Which answers how many reviewers did not read whole, and how much of them was the least."""
    read = [review for review in deliberation.reviews if review.text]
    lines = []
    for given in deliberation.answers:
        length = len(masked(given.text, [member.model for member in deliberation.members]))
        least = [
            r.shown_chars for r in read if r.shown_chars is not None and r.shown_chars < length
        ]
        if least:
            who = _("reviewers")
            if len(least) < len(read):
                who = _("{some} of {all} reviewers", some=len(least), all=len(read))
            lines.append(
                _(
                    "Answer {label} was shortened for {who}: {shown:,} of its {length:,} "
                    "characters, from both ends.",
                    label=shown(given.label, question),
                    who=who,
                    shown=min(least),
                    length=length,
                )
            )
    return lines


def account(deliberation: Deliberation, question: Question) -> list[str]:
    agreement, timings = deliberation.agreement, deliberation.timings
    lines = []
    named = partial(shown, question=question)
    stand = reviewers_stand(deliberation.standings, not_heard(deliberation.reviews), named)
    if stand:
        lines.append(_("Stopped early: {stand}", stand=stand) if agreement.stopped_early else stand)
    lines += filter(None, [based_on(deliberation), verified(deliberation, named)])
    if agreement.kendall_w is not None and not agreement.stopped_early:
        lines.append(
            _(
                "Agreement of the reviewers (Kendall's W): {w:.2f}",
                w=agreement.kendall_w,
            )
        )
    line = [_("{calls} calls", calls=deliberation.calls)]
    unknown = "" if deliberation.cost_known else _(" (some prices are unknown, counted as zero)")
    if tells_total(deliberation):
        origin = where_from(deliberation.cost) or unknown
        line.append(f"${deliberation.cost_usd:.4f}{origin}")
    if len(deliberation.answers) > 1:
        line.append(f"{timings.verdict:.0f} s")
    return [*lines, " · ".join(line)]


def tells_total(deliberation: Deliberation) -> bool:
    """Whether what all cost may be told: with one answer, or only one that costs anything, it would
    be a seat's own, and so it is where one seat alone wrote."""
    several = len(deliberation.answers) > 1 and deliberation.redo is None
    return several and sum(answer.cost_usd > 0 for answer in deliberation.answers) != 1


def unread(question: Question) -> list[Note]:
    return [Note(f"⚠ {sentence}") for sentence in question.unread]


def known(past: Past) -> list[str]:
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


def rehearsal(models: Sequence[str]) -> list[Note]:
    simulated = any(model.startswith("rehearsal/") for model in models)
    return [Note(_(texts.REHEARSAL))] if simulated else []
