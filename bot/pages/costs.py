"""What was spent, and what budgets have left, as pages and as JSON. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.document import Block, Document, Heading, Note, Table, Text
from bot.language import N_, Message, _
from bot.pages.prices import dollars
from bot.records import Account

BY: dict[str, Message] = {"day": N_("Day"), "channel": N_("Channel"), "model": N_("Model")}


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """`limit_micros` is `None` where there is no limit; whether all see what is spent there, or it is
    others' and nobody's business."""

    whose: str
    limit_micros: int | None
    account: Account
    is_shown: bool = True

    @property
    def left_micros(self) -> int | None:
        """What it has left, as far as that is told."""
        if self.limit_micros is None:
            return None
        return left_micros(self.account, self.limit_micros)


def costs_page(accounts: Sequence[Account], by: str) -> Document:
    if not accounts:
        return Document((Text(_("Nothing was spent.")),))
    rows = tuple(_row(account.name, account) for account in accounts)
    columns = (_(BY[by]), *map(_, _PARTS))
    if len(rows) > 1:
        rows += (_row(_("Together"), total(accounts)),)
    blocks: tuple[Block, ...] = (Heading(_("Costs")), Table(columns, rows), Note(_(_LEGEND)))
    if doubtful := total(accounts).reserved_micros:
        blocks += (Note(_(_DOUBTFUL, sum=_usd(doubtful))),)
    return Document(blocks)


def costs_json(accounts: Sequence[Account], by: str) -> dict[str, Any]:
    return {
        "by": by,
        "rows": [{by: account.name} | _parts(account) for account in accounts],
        "total": _parts(total(accounts)),
    }


def total(accounts: Sequence[Account]) -> Account:
    return Account(
        "",
        sum(account.told_micros for account in accounts),
        sum(account.estimated_micros for account in accounts),
        sum(account.assumed_micros for account in accounts),
        sum(account.reserved_micros for account in accounts),
    )


def budget_lines(lines: Sequence[BudgetLine]) -> tuple[Block, ...]:
    """A table of what each budget has left, and the one that ends first."""
    columns = (_("Budget"), _("Limit"), _("Spent"), _("Reserved"), _("Free"))
    rows = tuple(
        (
            line.whose,
            _("none") if line.limit_micros is None else _usd(line.limit_micros),
            _usd(line.account.spent_micros) if line.is_shown else "–",
            _usd(line.account.reserved_micros) if line.is_shown else "–",
            "–" if line.left_micros is None else _usd(line.left_micros),
        )
        for line in lines
    )
    kept = (Note(_(_KEPT_BACK)),) if any(line.account.keeps_back for line in lines) else ()
    limited = [line for line in lines if line.left_micros is not None]
    if not limited:
        return Table(columns, rows), *kept, Note(_("Nothing limits what is asked here."))
    first = min(limited, key=lambda line: line.left_micros or 0)
    return Table(columns, rows), *kept, Note(_("The first to end: {whose}.", whose=first.whose))


def left_micros(account: Account, limit_micros: int) -> int:
    """What a limit has left, as far as that is told: where sums are kept back there is less."""
    return max(limit_micros - account.spent_micros - account.reserved_micros, 0)


_PARTS = (N_("As told"), N_("Estimated"), N_("Assumed"), N_("Sum"))
_LEGEND = N_(
    "As told: by the provider, its sum or its tokens at their listed price. Estimated: where it told "
    "nothing. Assumed: where no price is known. In US dollars, by the day (UTC) of the question."
)

_DOUBTFUL = N_(
    "Limits count up to {sum} more: what requests may have cost that were cut off, and of which no "
    "provider told anything."
)

_KEPT_BACK = N_(
    "What a single model cost, or may have, is not in these sums yet: it would say whose answer that "
    "was. It is told together with another one's. Limits count it already."
)


def _row(name: str, account: Account) -> tuple[str, ...]:
    parts = account.told_micros, account.estimated_micros, account.assumed_micros
    return name, *map(_usd, parts), _usd(account.spent_micros)


def _parts(account: Account) -> dict[str, float]:
    return {
        "provider_usd": account.told_micros / 1e6,
        "estimated_usd": account.estimated_micros / 1e6,
        "assumed_usd": account.assumed_micros / 1e6,
    }


def _usd(micros: int) -> str:
    return f"${dollars(micros / 1e6)}" if micros else "$0"
