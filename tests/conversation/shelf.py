"""A platform that keeps files, and people who ask with them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.chat import Accepted
from bot.conversation.app import App
from bot.council import Attached
from bot.errors import Unreadable
from bot.records import Case
from tests.conversation.room import Room, case_of, mention


class Shelf(Room):
    """The same with files, one of which may be `held` while it is fetched."""

    def __init__(self, app: App, files: Mapping[str, bytes]) -> None:
        super().__init__(app)
        self.files = dict(files)
        self.fetched: list[str] = []
        self.held = ""
        self.reached = asyncio.Event()

    async def fetch(self, file: Attached) -> bytes:
        self.fetched.append(file.name)
        if file.name == self.held:
            self.reached.set()
            await asyncio.Event().wait()
        if file.source not in self.files:
            raise Unreadable("It is not here.")
        return self.files[file.source]


def shelf(app: App, **files: bytes) -> Shelf:
    found = Shelf(app, {f"there/{name}": data for name, data in files.items()})
    app.platforms["discord"] = found
    return found


async def ask(
    app: App, *files: Attached, text: str = "Is that right?", thread: str | None = None
) -> Case:
    taken = await app.questions.accept(replace(mention(text, thread=thread), files=files))
    assert isinstance(taken, Accepted)
    await app.running.finished(taken.id)
    return await case_of(app, taken.id)
