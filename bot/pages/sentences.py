"""What is said of a deliberation in its posts and its transcript alike, blind. Pure."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bot import texts
from bot.chat import answer_key
from bot.cleaning import one_line
from bot.council import PERSON, Deliberation, MemberResult, Question, Review, Standing
from bot.document import Letter, Note
from bot.language import N_, _, listed, n_, number
from bot.pages.prices import where_from
from bot.protocol.claims import offers_letters
from bot.protocol.counting import values_of
from bot.protocol.masking import mask_self_naming
from bot.protocol.outcome import finish
from bot.protocol.ranking import draw, too_close


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
    return sorted(standings, key=lambda each: (-each.ordered_by, each.label))


def reviews(deliberation: Deliberation, question: Question) -> tuple[Review, ...]:
    """As they are shown: by letter, or where reviewers have numbers, by lot, as letters in their order
    would be told by the numbers."""
    if not are_numbered(deliberation):
        return deliberation.reviews
    drawn = draw(question.seed, "numbers")
    return tuple(drawn.sample(deliberation.reviews, len(deliberation.reviews)))


def reviewer(review: Review, deliberation: Deliberation, question: Question) -> str:
    """How a reviewer is called: by the letter of its answer, or by a number where that letter would
    tell whose answer it is."""
    if not are_numbered(deliberation):
        return shown(review.label, question)
    shown_before = [each.label for each in reviews(deliberation, question)]
    return str(1 + shown_before.index(review.label))


def are_numbered(deliberation: Deliberation) -> bool:
    """Whether reviewers are called by numbers: where somebody answered who reviews nothing, the letter
    that is missing would be theirs; where reviews count unequally, ballots beside the order that came
    of them tell who counts more, and the statistics which model that is."""
    is_weighed = any(each.weighted_score is not None for each in deliberation.standings)
    return is_weighed or any(
        member.audition or member.model == PERSON for member in deliberation.members
    )


def not_heard(deliberation: Deliberation, question: Question) -> list[str]:
    """The reviewers without a ballot that counts, as they are called."""
    missing = [each for each in reviews(deliberation, question) if not each.counted]
    called = (reviewer(each, deliberation, question) for each in missing)
    if are_numbered(deliberation):
        return [_("reviewer {n}", n=n) for n in called]
    return list(called)


def reviewers_stand(
    standings: Sequence[Standing], missing: Sequence[str], named: Callable[[str], str] = str
) -> str:
    """Whom how many reviewers put first, and who was not heard, in sentences with labels in bold.

    `missing` are those, as they are called, `named` says how a label is shown; "" without any ballot.
    """
    heard = standings[0].ballots if standings else 0
    if not heard:
        return ""
    sentences = [f"{_who_first(standings, heard, named, is_complete=not missing)}."]
    if leads := _leads(standings, named):
        sentences.append(leads)
    if missing:
        labels = ", ".join(missing)
        n = len(missing)
        sentences.append(
            n_("{n} was not heard ({labels}).", "{n} were not heard ({labels}).", n, labels=labels)
        )
    return " ".join(sentences)


def _leads(standings: Sequence[Standing], named: Callable[[str], str]) -> str:
    """Which one is first, where it is not the one that more put there than any other."""
    first, *others = standings
    is_plain = all(first.first_places > each.first_places for each in others)
    if is_plain or too_close(standings):
        return ""
    return _("**{label}** leads by all places together.", label=named(first.label))


def based_on(deliberation: Deliberation) -> str:
    """On how many reviews a verdict rests that was begun before the last of those heard were in;
    "" where all of them are told of already, or an answer stands for it."""
    verdict, heard = deliberation.verdict, deliberation.agreement.heard
    if verdict.ballots is None or verdict.written_by is None or verdict.ballots >= (heard or 0):
        return ""
    of = len(deliberation.reviews)
    return _("Based on {n} of {of} reviews.", n=verdict.ballots, of=of)


def counted_unequally(standings: Sequence[Standing], named: Callable[[str], str] = str) -> str:
    """That reviewers did not count alike, and what would be first if they did; "" where they did. By how
    much is nowhere told before the names are: it would give away which answer is whose."""
    if not standings or standings[0].weighted_score is None:
        return ""
    scores = {each.label: round(each.score or 0, 9) for each in standings}
    best = sorted(label for label, score in scores.items() if score == max(scores.values()))
    if best == [standings[0].label]:
        return _("Reviews counted unequally; equal votes would put the same one first.")
    first = listed([f"**{named(label)}**" for label in best])
    return _("Reviews counted unequally; equal votes would put {first} first.", first=first)


def same_answer(deliberation: Deliberation, question: Question) -> str:
    """How many answers say what the first does; "" where no other one does, none can tell, or the
    verdict says something else."""
    same, of = deliberation.agreement.same_answer, len(deliberation.answers)
    if same is None or same < 2 or _departs(deliberation, question):
        return ""
    return n_("{n} of {of} answers say the same.", "{n} of {of} answers say the same.", same, of=of)


def _departs(deliberation: Deliberation, question: Question) -> bool:
    """Whether the verdict is another value than the answer that stands first."""
    if deliberation.verdict.written_by is None or not deliberation.standings:
        return False
    texts = {answer.label: answer.text for answer in deliberation.answers}
    given = values_of(question, {**texts, "": deliberation.verdict.text})
    first = given.get(deliberation.standings[0].label)
    return first is not None and given.get("", first) != first


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


def wanted(deliberation: Deliberation) -> list[MemberResult]:
    """Those whose answers were: a model on audition that gives none is not missed."""
    return [each for each in deliberation.members if not (each.audition and each.error)]


def with_audition(member: MemberResult, name: str) -> str:
    """What a member is called, once names may be seen, with the word that it is no member so far."""
    return _("{model} (on audition)", model=name) if member.audition else name


def degraded(deliberation: Deliberation, question: Question) -> list[str]:
    lines = []
    outcome = deliberation.verdict
    if outcome.fallback:
        kind = texts.kind_words(outcome.chairman_error.kind) if outcome.chairman_error else ""
        label = next((m.label for m in deliberation.members if m.seat == outcome.seat), "?")
        label = shown(label, question)
        lines.append("⚠ " + _(texts.FALLBACKS[outcome.fallback], kind=kind, label=label))
    lines += shortened_for_verdict(deliberation)
    missing = [member for member in wanted(deliberation) if member.status == "failed"]
    if missing and deliberation.answered:
        who = ", ".join(
            f"{shown(member.label, question)} ({texts.error_words(member.error)})"
            for member in missing
        )
        lines.append("⚠ " + _("Without {who}.", who=who))
    return lines


def written_by(deliberation: Deliberation) -> str:
    """Who wrote the verdict: named only without a seat, "" where somebody else or nobody did."""
    author = deliberation.verdict.written_by
    seated = {*(member.model for member in deliberation.members), *deliberation.not_asked}
    if not author or author in seated or deliberation.verdict.fallback:
        return ""
    return _("written by {author}", author=author.rpartition("/")[2])


def shortened_for_verdict(deliberation: Deliberation) -> list[str]:
    chars = deliberation.verdict.shown_chars
    return [] if chars is None else ["⚠ " + _(texts.SHORTENED_FOR_VERDICT, chars=chars)]


def vote(review: Review, deliberation: Deliberation, question: Question) -> str:
    label = reviewer(review, deliberation, question)
    who = _("**Author of {label}**", label=label)
    if are_numbered(deliberation):
        who = _("**Reviewer {n}**", n=label)
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


def whose_review(review: Review, deliberation: Deliberation, question: Question) -> str:
    """What stands above it."""
    label = reviewer(review, deliberation, question)
    if are_numbered(deliberation):
        return _("Review {n}", n=label)
    return _("Review by the author of Answer {label}", label=label)


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
    stand = reviewers_stand(deliberation.standings, not_heard(deliberation, question), named)
    if stand:
        lines.append(_("Stopped early: {stand}", stand=stand) if agreement.stopped_early else stand)
    unequal = counted_unequally(deliberation.standings, named)
    lines += filter(None, [unequal, based_on(deliberation), verified(deliberation, named)])
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
        line.append(f"${number(deliberation.cost_usd, '.4f')}{origin}")
    if len(deliberation.answers) > 1:
        line.append(_("{seconds:.0f} s", seconds=timings.verdict))
    return [*lines, " · ".join(line)]


def tells_total(deliberation: Deliberation) -> bool:
    """Whether what all cost may be told: with one answer, or only one that costs anything, it would
    be a seat's own, and so it is where one seat alone wrote."""
    several = len(deliberation.answers) > 1 and deliberation.redo is None
    return several and sum(answer.cost_usd > 0 for answer in deliberation.answers) != 1


def rehearsal(models: Sequence[str]) -> list[Note]:
    simulated = any(model.startswith("rehearsal/") for model in models)
    return [Note(_(texts.REHEARSAL))] if simulated else []
