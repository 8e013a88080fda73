"""What was posted, read again: each post as it would be shown now, and the whole of a run in one file.

Whose eyes may see it is not known here.
"""

import asyncio
from dataclasses import dataclass

from bot.chat import HEADLINE, QUESTION, RANKING, TRIAL, VERDICT, Platforms, answer_key, channel_of
from bot.conversation.naming import name_of
from bot.conversation.trials import told_page
from bot.document import Document
from bot.pages import presenter
from bot.pages.asked import asked
from bot.pages.transcript import transcript
from bot.protocol import outcome
from bot.records import PlatformName
from bot.store.store import Store
from bot.votes import tally


@dataclass(frozen=True, slots=True)
class Archive:
    store: Store
    platforms: Platforms

    async def document(self, id: str, key: str) -> Document | None:
        """A post as it would be shown now; `None` where it is not, or no longer, stored."""
        case = await self.store.case(id)
        if case is None or case.expired_at:
            return None
        if key == QUESTION and (origin := case.question.origin):
            name = await name_of(self.platforms, channel_of(case), case.writer)
            return asked(case.question, origin, name)
        if key == TRIAL and (over := await self.store.trial_told_in(id)):
            return await asyncio.to_thread(told_page, over)
        question = await self.store.numbered(case)
        if key in {HEADLINE, VERDICT} and case.result:
            return presenter.verdict(case.result, question)
        if key == RANKING and case.result:
            votes = tally(await self.store.reactions(id))
            return presenter.ranking(case.result, question, votes)
        calls = await self.store.calls(id)
        for given in outcome.answers(case.question, case.council, calls):
            if key == answer_key(given.label):
                document = presenter.answer(given, question, case.council)
                is_over = case.status != "running" or outcome.settled(case.council, calls)
                return document if is_over else presenter.unvoted(document)
        return None

    async def posted(self, platform: PlatformName, post_id: str) -> Document | None:
        """The whole of what one of the bot's own messages shows."""
        post = await self.store.post_by_id(platform, post_id)
        return await self.document(post.deliberation, post.key) if post else None

    async def transcript(self, id: str) -> str | None:
        case = await self.store.case(id)
        if case is None or case.result is None or case.expired_at:
            return None
        return transcript(case.result, await self.store.numbered(case), case.council)
