"""The co-failure ceiling as pages: in words for a channel, and in tables for those who compare."""

from collections.abc import Mapping

from bot.analysis.certificate import FOOTNOTE, worded
from bot.analysis.cofailure import Ceiling
from bot.analysis.estimates import outwards
from bot.cleaning import one_line, shortened
from bot.document import Block, Document, Heading, Note, Table, Text
from bot.language import _

# As much of the audit as somebody reads on a terminal.
AUDITED_MAX, QUESTION_CHARS = 30, 300


def ceiling_page(ceiling: Ceiling, period: str) -> Document:
    return Document(
        (
            Heading(_("What picking the best answer could gain")),
            Text(worded(ceiling, period=period)),
            Note(_(FOOTNOTE)),
        )
    )


def diagnostics(ceiling: Ceiling) -> Table:
    """For those who know what they mean: not for a channel."""
    low, high = outwards(100 * ceiling.beta_low, 100 * ceiling.beta_high, 2)
    rows = (
        (_("correlation of errors (phi), mean"), _plain(ceiling.phi_mean)),
        (_("the same, tetrachoric"), _plain(ceiling.tetrachoric_mean)),
        (_("all wrong"), f"{100 * ceiling.beta:.2f}\u00a0%"),
        (
            _("95\u00a0% interval for n fixed in advance"),
            f"{low:.2f}-{high:.2f}\u00a0%",
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
            "-" if not predicted else f"{seen / predicted:.2f}",
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


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}\u00a0%"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
