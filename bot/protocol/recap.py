"""The beginning of a long thread in short, written once by one member for whatever is asked there.

A call like any other: in the journal, priced before. Where it fails the question goes on without.
"""

from collections.abc import Sequence

from bot.council import Earlier
from bot.llm import Message
from bot.protocol import prompts
from bot.protocol.patience import Deadline
from bot.protocol.shortening import BYTES_PER_TOKEN, common_limit, size
from bot.protocol.sitting import Material, Sitting

# The most that it may write, reasoning included.
RECAP_TOKENS = 3_000


async def write_recap(
    sitting: Sitting, seat: int, turns: Sequence[Earlier], before: str, *, context_tokens: int
) -> str:
    """What this seat sums these turns up as, and what an earlier recap said of those `before` them;
    "" where it cannot, or there is nothing."""
    if not turns:
        return ""
    texts = tuple(text for turn in turns for text in (turn.question, turn.verdict))

    def prompt(limit: int | None) -> tuple[Message, ...]:
        fence = sitting.fence("recap", seat)
        return prompts.recap_prompt(turns, before, sitting.council, fence=fence, limit=limit)

    fitting = int(context_tokens * BYTES_PER_TOKEN / 2)
    limit = common_limit(texts, fitting) if sum(map(size, texts)) > fitting else None
    call = await sitting.ask_about(
        "recap",
        seat,
        Material(texts, prompt, limit),
        tokens=RECAP_TOKENS,
        deadline=Deadline(sitting.caller.patience.reviews),
    )
    return (call.text or "").strip()
