"""What was read of the files that came with a question, by their place among them."""

from bot.council import Exhibit
from bot.store.encoding import decode
from bot.store.transactions import Tables


class Exhibits(Tables):
    async def exhibits(self, id: str) -> dict[int, Exhibit]:
        rows = await self._database.read(
            "SELECT place, exhibit FROM exhibits WHERE deliberation = ? ORDER BY place", (id,)
        )
        return {place: decode(Exhibit, exhibit) for place, exhibit in rows}
