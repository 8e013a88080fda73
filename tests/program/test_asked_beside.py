"""`council ask` beside another process that shares its database."""

import asyncio

import pytest

from bot.errors import InvalidInput
from bot.program.ask import ask
from bot.program.asked import Asked
from tests.conversation.machines import Answering
from tests.fakes.council import running_app
from tests.fakes.postgres import Postgres
from tests.fakes.provider import FakeProvider

ASKED = Asked("Is it right?")


async def test_what_another_process_is_at_is_not_taken_from_it(postgres: Postgres) -> None:
    server = postgres.emptied()
    there, here = Answering(("answer", 0)), FakeProvider()
    async with running_app(there, database=server) as other:
        asking = asyncio.create_task(ask(other, ASKED, id="one", mode=None))
        await there.until_asked("answer", 0)
        async with running_app(here, database=server) as app:
            with pytest.raises(InvalidInput, match="under way in another process"):
                await ask(app, ASKED, id="one", mode=None)
            assert not here.requests
            _, result = await ask(app, ASKED, id=None, mode=None)
            assert result.id != "one"
        there.go_on()
        _, result = await asking
        assert (result.id, len(there.asked("answer"))) == ("one", 3)
