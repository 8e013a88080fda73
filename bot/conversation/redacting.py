"""Texts as models get them where a channel hides personal data from them."""

from collections.abc import Sequence

from bot.records import Case
from bot.redaction import Redaction, placeholders
from bot.store.store import Store


async def hidden(store: Store, case: Case, texts: Sequence[str]) -> list[str]:
    """What belongs to a case and was not redacted with it, with its own placeholders; as it is
    where nothing is hidden."""
    if not case.council.redact:
        return list(texts)
    redaction = Redaction(await store.redactions(case))
    shown = list(map(redaction.hide, texts))
    stand = {name for text in shown for name in placeholders(text)}
    await store.keep_redactions(
        case.id, {name: text for name, text in redaction.originals.items() if name in stand}
    )
    return shown
