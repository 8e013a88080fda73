"""The co-failure ceiling as pages: in words for a channel, and in tables for those who compare."""

from collections.abc import Iterable, Mapping

from bot.analysis.certificate import FOOTNOTE, advice, worded
from bot.analysis.cofailure import Ceiling, Source
from bot.analysis.estimates import Estimate, Missing, outwards
from bot.analysis.realised import Realised, Way
from bot.cleaning import one_line, shortened
from bot.document import Block, Document, Heading, Leaf, Note, Table, Text
from bot.language import N_, Message, _, number
from bot.pages.numbers import points, share, span

_WAYS: Mapping[Way, Message] = {
    "best_member": N_("best member"),
    "majority": N_("majority vote"),
    "majority_at_least": N_("majority vote, at least"),
    "top_answer": N_("top answer"),
    "weighted_verdict": N_("weighted verdict"),
    "verdict": N_("verdict"),
}

# As much of the audit as somebody reads on a terminal.
AUDITED_MAX, QUESTION_CHARS = 30, 300


def ceiling_page(ceiling: Ceiling, period: str) -> Document:
    return Document((*what_to_do(ceiling), *limits(ceiling, period), *made_real(ceiling)))


def what_to_do(ceiling: Ceiling) -> tuple[Text, ...]:
    """The first line; none where the limits carry no advice."""
    said = advice(ceiling)
    return (Text(said),) if said else ()


def limits(ceiling: Ceiling, period: str) -> tuple[Leaf, ...]:
    return (
        Heading(_("What picking the best answer could gain")),
        Text(worded(ceiling, period=period)),
        Note(_(FOOTNOTE)),
    )


def made_real(ceiling: Ceiling) -> tuple[Leaf, ...]:
    """Who realised how much of the possible gain, or why that is not told."""
    found = ceiling.realised
    if ceiling.source == "counts":
        return ()
    if isinstance(found, Missing):
        return (Note(found.why),)
    return (
        Heading(_("What was made of the possible gain")),
        Text(
            _(
                "A perfect picker among the members would be right more often than a member "
                "drawn at random by {gain}.",
                gain=points(found.possible),
            )
        ),
        Table(
            (_("Who"), _("Of that gain"), _("More often right than the best member")),
            tuple(
                (
                    _(_WAYS[each.way]),
                    _share(each.of_gain),
                    points(each.over_best) if each.over_best else "-",
                )
                for each in found.shares
            ),
        ),
        Note(" ".join(_made_real_how(ceiling.source, found))),
    )


def _made_real_how(source: Source, found: Realised) -> Iterable[str]:
    if source == "votes":
        yield _(
            "Right is what people accepted, over {questions:,} questions that were rated in full, "
            "the verdict included, which may be unlike the others; 95 % intervals at all looks "
            "together, paired by question.",
            questions=found.possible.n,
        )
    else:
        yield _(
            "Over {questions:,} questions that every member answered; 95 % intervals, paired by "
            "question.",
            questions=found.possible.n,
        )
    yield _("The best member is chosen by other questions each time.")
    if found.of("majority_at_least"):
        yield _(
            "A majority vote counts as right where more than half of the members are, and as half "
            "right where half are; where wrong answers differ it does better."
        )
    if found.of("weighted_verdict"):
        yield _(
            "The weighted verdict is the answer that reviews put first where they count by what "
            "other questions taught of each reviewer."
        )
    if found.of("verdict"):
        yield _("A verdict is written anew and not bound by what members said.")
        if source == "votes":
            yield _("Whoever rates a verdict knows that it is one.")


def diagnostics(ceiling: Ceiling) -> Table:
    """For those who know what they mean: not for a channel."""
    low, high = outwards(100 * ceiling.beta_low, 100 * ceiling.beta_high, 2)
    rows = (
        (_("correlation of errors (phi), mean"), _plain(ceiling.phi_mean)),
        (_("the same, tetrachoric"), _plain(ceiling.tetrachoric_mean)),
        (_("all wrong"), share(ceiling.beta, 2)),
        (
            _("95\u00a0% interval for n fixed in advance"),
            span(low, high, 2),
        ),
        (_("predicted by one common factor"), _percent(ceiling.beta_single_factor)),
        (_("seen / predicted"), _plain(ceiling.ratio_single_factor)),
        (_("predicted from all pairs"), _percent(ceiling.beta_full_sigma)),
        (_("suspicious references"), _("yes: audit them") if ceiling.reference_alarm else _("no")),
    )
    return Table((_("Diagnostic"), _("Value")), rows)


def rules(ceiling: Ceiling) -> Table:
    """The upper limits of the gain by each rule, for those who compare them."""
    limits = (
        (_("first published (holds far too rarely)"), ceiling.gain_seed),
        (_("corrected"), ceiling.gain_high_published),
        (_("paired, n fixed in advance"), ceiling.gain_high_paired),
        (_("paired, at all looks together"), ceiling.gain_high_paired_anytime),
    )
    rows = tuple((rule, _("{limit:.2f} points", limit=100 * limit)) for rule, limit in limits)
    return Table((_("Rule"), _("The gain is at most")), rows)


def curve(ceiling: Ceiling) -> Table:
    """How often all of so many models fail together. What is predicted takes each pair's
    correlation for the mean of all pairs; how the two part is a finding, no law."""
    rows = (
        (
            str(size),
            _percent(seen),
            _percent(predicted),
            "-" if not predicted else number(seen / predicted, ".2f"),
        )
        for size, seen, predicted in ceiling.by_pool_size
    )
    return Table(
        (_("Models"), _("All wrong"), _("Predicted by one factor"), _("Seen / predicted")),
        tuple(rows),
    )


def audit_page(ceiling: Ceiling, questions: Mapping[str, str]) -> Document:
    """The rows that a person should look at; empty where there are none. `questions` by row."""
    listed = ceiling.audit[:AUDITED_MAX]
    if not listed:
        return Document(())
    more = len(ceiling.audit) - len(listed)
    blocks: list[Block] = [Heading(_("Rows that every model got wrong"))]
    if questions:
        cells = tuple(
            (row, shortened(one_line(questions.get(row, "")), QUESTION_CHARS)) for row in listed
        )
        blocks.append(Table((_("Row"), _("Question")), cells))
    else:
        blocks.append(Text(", ".join(listed)))
    look = _(
        "Most such rows are faults of the question or its reference: look before you believe them."
    )
    if more:
        look = _("And {more:,} more, which --json lists.", more=more) + " " + look
    blocks.append(Note(look))
    return Document(tuple(blocks))


def _share(value: Estimate) -> str:
    low, high = outwards(100 * value.low, 100 * value.high)
    return _(
        "{share} % ({low:.0f} to {high:.0f} %)", share=round(100 * value.value), low=low, high=high
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else share(value, 2)


def _plain(value: float | None) -> str:
    return "-" if value is None else number(value, ".2f")
