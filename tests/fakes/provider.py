"""Scripted models in this process, for tests of what is built on the port."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

from bot.errors import ModelFailed
from bot.llm import Completion, ModelInfo, Request

Scripted = str | Completion | ModelFailed | asyncio.Event


def stage_and_seat(request: Request) -> tuple[str, int]:
    _, stage, _, seat = request.tag.split("/")
    return stage, int(seat)


def labels_shown(request: Request) -> list[str]:
    """The labels of a review or verdict prompt in the order they are shown."""
    return re.findall(r"^Answer ([A-Z])$", request.messages[-1].content, re.MULTILINE)


def sensible(request: Request) -> str:
    """What a member, which keeps its answer, a reviewer (always the alphabetical order) and a chairman
    would write."""
    stage, seat = stage_and_seat(request)
    if stage == "answer":
        return f"The answer from seat {seat}."
    if stage == "revision":
        return "KEPT"
    if stage == "review":
        places = "\n".join(
            f"{n}. Answer {x}" for n, x in enumerate(sorted(labels_shown(request)), 1)
        )
        return f"All of them are fine.\n\nFINAL RANKING:\n{places}"
    return "**Yes.** Because the answers say so."


def wordy(request: Request) -> str:
    """The same, with answers too long to stand open."""
    reasons = " It gives its reasons at some length." * 6
    return sensible(request) + (reasons if stage_and_seat(request)[0] == "answer" else "")


class FakeProvider:
    """Follows `script`: for a stage and seat the replies in order, then `otherwise`.

    An `Event` hangs until it is set. `requests` holds everything asked; `leftover` what nobody
    asked for.
    """

    def __init__(
        self,
        script: Mapping[tuple[str, int], Sequence[Scripted]] | None = None,
        *,
        otherwise: Callable[[Request], Scripted] = sensible,
    ) -> None:
        self._script = {key: list(replies) for key, replies in (script or {}).items()}
        self._otherwise = otherwise
        self.requests: list[Request] = []

    @property
    def leftover(self) -> list[tuple[str, int]]:
        return [key for key, replies in self._script.items() if replies]

    def asked(self, stage: str) -> list[Request]:
        return [request for request in self.requests if stage_and_seat(request)[0] == stage]

    def stored_body(self, request: Request) -> bytes | None:
        return None

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        self.requests.append(request)
        replies = self._script.get(stage_and_seat(request))
        reply = replies.pop(0) if replies else self._otherwise(request)
        await asyncio.sleep(0)
        if isinstance(reply, asyncio.Event):
            await reply.wait()
            reply = self._otherwise(request)
        if isinstance(reply, ModelFailed):
            raise reply
        if isinstance(reply, str):
            reply = Completion(
                reply, "stop", prompt_tokens=100, completion_tokens=20, cost_micros=7
            )
        assert isinstance(reply, Completion)
        if on_text:
            on_text(reply.text)
        return reply

    async def models(self) -> tuple[ModelInfo, ...]:
        return ()


def images(request: Request) -> list[str]:
    """The images of a request, by their digests."""
    return [image.digest for image in request.images]


class Unseeing(FakeProvider):
    """These models answer no request with images: their server says so, and no list."""

    def __init__(self, *blind: str) -> None:
        super().__init__(otherwise=self.unless_shown)
        self._blind = blind

    def unless_shown(self, request: Request) -> Scripted:
        if request.model in self._blind and images(request):
            return ModelFailed("server_error", "No images, please.", unseeing=True)
        return sensible(request)
