"""One deliberation under way: what every stage needs to know, and how it asks a seat.

Knows stages by their names alone, and no prompts.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.council import Answer, Call, Council, Question, Stage
from bot.errors import ModelFailed
from bot.llm import Message, Request
from bot.protocol import fences, ranking
from bot.protocol.calls import Caller
from bot.protocol.events import Enough, Event, Grown, Started
from bot.protocol.listening import OnText
from bot.protocol.masking import mask_self_naming
from bot.protocol.patience import Deadline
from bot.protocol.seeing import sees, unseeing, without_images
from bot.protocol.shortening import fitting_limit
from bot.redaction import masked
from bot.store.journal import Journal
from bot.store.spending import ENOUGH


@dataclass(frozen=True, slots=True)
class Material:
    """What a seat judges: texts, and its prompt with at most so many characters of each.

    `limit` is what it gets where its context forces no less; `None` is all.
    """

    texts: tuple[str, ...]
    prompt: Callable[[int | None], tuple[Message, ...]]
    limit: int | None = None


async def nothing_between() -> None:
    """Nothing speaks against the next stage."""


@dataclass(slots=True)
class Sitting:
    """`labels` is by seat. `between_stages` is awaited before more is bought: a caller that wants no
    more may cancel there. Until the reviews are about to begin it is `open` to answers of people; who
    looks at that, and sits down or ends it, holds the `door` meanwhile."""

    question: Question
    council: Council
    caller: Caller
    journal: Journal
    emit: Callable[[Event], None]
    between_stages: Callable[[], Awaitable[None]] = nothing_between
    labels: Mapping[int, str] = field(init=False)
    # The members that are asked so far, whose labels are known; `None` before any is.
    asked: tuple[int, ...] | None = field(init=False, default=None)
    open: bool = field(init=False, default=True)
    door: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _deadlines: list[Deadline] = field(init=False, default_factory=list)
    _unseeing: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.labels = ranking.labels_of(self.question, self.council)
        self.journal.listen(ENOUGH, self._end_stage)

    @property
    def is_enough(self) -> bool:
        """Whether nothing more is bought but a verdict of what there is."""
        return self.journal.decision(ENOUGH) is not None

    def deadline(self) -> Deadline:
        """Of a call that its stage waits for, and nobody once it is enough."""
        deadline = Deadline(self.caller.patience.longest)
        self._deadlines.append(deadline)
        if self.is_enough:
            deadline.enough()
        return deadline

    def _end_stage(self) -> None:
        self.emit(Enough())
        for deadline in self._deadlines:
            deadline.enough()

    def seat(self, label: str) -> int:
        return next(seat for seat, other in self.labels.items() if other == label)

    def seats(self) -> tuple[tuple[str, int], ...]:
        """Every seat by its label, in the order of labels."""
        return tuple(sorted((label, seat) for seat, label in self.labels.items()))

    def members(self) -> list[int]:
        """Their seats, in the order of labels."""
        return [seat for _, seat in self.seats() if seat < self.council.chairman_seat]

    def by_lot(self) -> list[int]:
        """The same in an order that no letter tells: that of the labels dealt first, whoever sat down
        since."""
        lots = ranking.labels(self.question.seed, len(self.council.members))
        return sorted(self.members(), key=lambda seat: lots[seat])

    def known(self) -> tuple[tuple[str, int], ...]:
        """The seats that are asked by their labels, people's among them."""
        rest = set(self.members()).difference(self.asked or ())
        return tuple(each for each in self.seats() if each[1] not in rest)

    def begin(self, members: Sequence[int] | None = None) -> None:
        """All of them are asked, or these."""
        self.asked = tuple(self.members() if members is None else members)
        self.emit(Started(self.known()))

    def grow(self) -> None:
        """The others are asked, too."""
        self.asked, self.open = tuple(self.members()), True
        self.emit(Grown(self.known()))

    def fence(self, stage: Stage, seat: int, *, round: int = 0) -> str:
        """A verdict's is the same in every round: what was written in one is not quoted in another."""
        # One that is written anew quotes an earlier one, whose author knew another fence.
        of = f"{stage}/{self.question.id}" if self.question.redo else stage
        return fences.fence(self.question.seed, of, round, seat)

    def unnamed(self, text: str) -> str:
        """As others read it: without what it says of its author."""
        return mask_self_naming(text, self.council.members)[0]

    def shown(self, answers: Sequence[Answer]) -> list[tuple[str, str]]:
        """What others read of the answers, each by its label."""
        return [(answer.label, self.unnamed(answer.text)) for answer in answers]

    async def ask(
        self,
        stage: Stage,
        seat: int,
        messages: tuple[Message, ...],
        *,
        tokens: int,
        deadline: Deadline,
    ) -> Call:
        request = self._request(stage, 0, seat, messages, tokens)

        async def otherwise(refused: ModelFailed) -> Request | None:
            return await self._unseen(seat, request, refused)

        return await self.caller.call(
            request, stage, seat, journal=self.journal, deadline=deadline, otherwise=otherwise
        )

    async def ask_about(
        self,
        stage: Stage,
        seat: int,
        material: Material,
        *,
        tokens: int,
        deadline: Deadline,
        round: int = 0,
        on_text: OnText | None = None,
    ) -> Call:
        """Ask about all of the material, or about as much as fits the model's context."""
        limit = self.shown_chars(stage, seat, material.limit, round=round)
        request = self._request(stage, round, seat, material.prompt(limit), tokens)
        shortened = _shortened(stage, round, seat)

        async def otherwise(refused: ModelFailed) -> Request | None:
            nonlocal request
            other = await self._shorter(shortened, seat, material, request, refused)
            other = other or await self._unseen(seat, request, refused)
            request = other or request
            return other

        return await self.caller.call(
            *(request, stage, seat),
            journal=self.journal,
            deadline=deadline,
            round=round,
            on_text=on_text,
            otherwise=otherwise,
        )

    def shown_chars(
        self, stage: Stage, seat: int, limit: int | None = None, *, round: int = 0
    ) -> int | None:
        """How many characters of each text this seat gets, where `limit` is what all of them get."""
        decided = self.journal.decision(_shortened(stage, round, seat))
        return int(decided) if decided else limit

    def _request(
        self, stage: Stage, round: int, seat: int, messages: tuple[Message, ...], tokens: int
    ) -> Request:
        return Request(
            model=self.council.model(seat),
            messages=self._sent(seat, messages),
            max_completion_tokens=tokens,
            tag=f"{self.question.id}/{stage}/{round}/{seat}",
            effort="low" if stage == "title" else self.council.effort,
            searches=self.council.searches if stage == "answer" else 0,
        )

    def _sent(self, seat: int, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """As this seat gets them: without images where it sees none, and where personal data is hidden
        from models, without what others of them wrote of it."""
        if not self._sees(seat):
            messages = without_images(messages)
        if not self.council.redact:
            return messages
        return tuple(replace(each, content=masked(each.content)) for each in messages)

    def _sees(self, seat: int) -> bool:
        return seat not in self._unseeing and sees(self.journal, seat)

    async def _shorter(
        self,
        shortened: str,
        seat: int,
        material: Material,
        request: Request,
        refused: ModelFailed,
    ) -> Request | None:
        """The same with as much of the material as fits, once, where it was too long. The decision of
        that name holds how much that is."""
        if refused.context_tokens is None or self.journal.decision(shortened):
            return None
        fits = fitting_limit(
            material.texts,
            "".join(message.content for message in request.messages),
            context_tokens=refused.context_tokens,
            prompt_tokens=refused.prompt_tokens,
        )
        if fits is None:
            return None
        # A resumed run asks with the same, and tells it.
        await self.journal.decide(shortened, str(fits))
        return replace(request, messages=self._sent(seat, material.prompt(fits)))

    async def _unseen(self, seat: int, request: Request, refused: ModelFailed) -> Request | None:
        """The same without images, from now on, for a seat that sees none, or has no room for them."""
        no_room = refused.context_tokens is not None
        if not (refused.unseeing or no_room) or not request.images:
            return None
        if self._sees(seat):
            self._unseeing.add(seat)  # it may be asked two things at once
            await self.journal.decide(unseeing(seat), "refused")
        return replace(request, messages=without_images(request.messages))


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure arrives as itself: a store that fails, the caller's bug."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


def _shortened(stage: Stage, round: int, seat: int) -> str:
    return f"shortened/{stage}/{round}/{seat}"
