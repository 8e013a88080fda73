"""What is said of a deliberation in its posts and its transcript alike, blind. Pure."""

from collections.abc import Iterable, Sequence

from bot import texts
from bot.chat import answer_key
from bot.cleaning import one_line
from bot.council import Deliberation, Question, Ranking, Review
from bot.document import Letter, Note
from bot.language import _
from bot.protocol.masking import mask_self_naming
from bot.protocol.outcome import finish, not_heard


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
    """What the labels in a verdict stand for."""
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


def reviewers_stand(deliberation: Deliberation) -> str:
    """ "" without any ballot."""
    if not any(review.counted for review in deliberation.reviews):
        return ""
    return texts.agreement(deliberation.standings[0], not_heard(deliberation.reviews))


def degraded(deliberation: Deliberation) -> list[str]:
    lines = []
    outcome = deliberation.verdict
    if outcome.fallback:
        kind = texts.kind_words(outcome.chairman_error.kind) if outcome.chairman_error else ""
        label = next((m.label for m in deliberation.members if m.seat == outcome.seat), "?")
        lines.append("⚠ " + _(texts.FALLBACKS[outcome.fallback], kind=kind, label=label))
    lines += shortened_for_verdict(deliberation)
    missing = [member for member in deliberation.members if member.status == "failed"]
    if missing and deliberation.answered:
        who = ", ".join(f"{member.label} ({texts.error_words(member.error)})" for member in missing)
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


def vote(review: Review) -> str:
    who = _("**Author of {label}**", label=review.label)
    if review.counted:
        return _(
            "{who} read {order} and ranked {ranking}",
            who=who,
            order=", ".join(review.order),
            ranking=ballot(review.ranking),
        )
    if review.error:
        return _("{who} gave no review: {error}", who=who, error=texts.error_words(review.error))
    if review.text:
        return _(
            "{who} read {order}; the review holds no ranking, so it did not count",
            who=who,
            order=", ".join(review.order),
        )
    return _("{who} was not waited for: the first place was decided", who=who)


def ballot(ranking: Ranking) -> str:
    """`B > A = D > C`"""
    return " > ".join(" = ".join(tied) for tied in ranking)


def read_shortened(deliberation: Deliberation) -> list[str]:
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
                    label=given.label,
                    who=who,
                    shown=min(least),
                    length=length,
                )
            )
    return lines


def account(deliberation: Deliberation) -> list[str]:
    agreement, timings = deliberation.agreement, deliberation.timings
    lines = []
    stand = reviewers_stand(deliberation)
    if agreement.stopped_early:
        lines.append(_("Stopped early: {stand}.", stand=stand))
    elif stand and not_heard(deliberation.reviews):
        lines.append(f"{stand}.")
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
        line.append(f"${deliberation.cost_usd:.4f}{unknown}")
    if len(deliberation.answers) > 1:
        line.append(f"{timings.verdict:.0f} s")
    return [*lines, " · ".join(line)]


def tells_total(deliberation: Deliberation) -> bool:
    """Whether what all cost may be told: with one answer, or only one that costs anything, it would
    be a seat's own."""
    several = len(deliberation.answers) > 1
    return several and sum(answer.cost_usd > 0 for answer in deliberation.answers) != 1


def unread(question: Question) -> list[Note]:
    return [Note(f"⚠ {sentence}") for sentence in question.unread]


def rehearsal(models: Sequence[str]) -> list[Note]:
    simulated = any(model.startswith("rehearsal/") for model in models)
    return [Note(_(texts.REHEARSAL))] if simulated else []
