"""Other ways to ask the same models the same, beside the product's.

`Plain` is a council as one writes it first: all answers, then all reviews, then the verdict, each
stage waiting for the last of the one before. `Limit` loses nothing to failures and waits for nothing
beyond what a verdict needs. `Direct` asks one model. All use the product's prompts, so they ask for
the same numbers of words.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.council import Council, Question, Ranking
from bot.errors import ModelFailed
from bot.llm import Completion, Message, Request
from bot.protocol import fences, prompts, ranking, stages
from bot.protocol.ballots import parse_ranking
from tests.bench.weather.draws import CHAIRMAN, MEMBERS, TEMPERS, Climate, draw, worth
from tests.bench.weather.models import Models, question_text

COUNCIL = Council(MEMBERS, CHAIRMAN)
TOKENS = {
    "answer": stages.ANSWER_TOKENS,
    "review": stages.REVIEW_TOKENS,
    "verdict": stages.VERDICT_TOKENS,
}
TIMEOUT_SECONDS = 120.0
PAUSES_SECONDS = (0.5, 1.0)

Texts = dict[int, str]  # by seat
Going = set["asyncio.Task[None]"]


@dataclass(frozen=True, slots=True)
class Run:
    """One question, in seconds since it was asked; `None` is never. `first_text` is when a member's
    answer can first be read. `best_on_top`: the best of all members' answers stands first; `None`
    where nothing was ranked."""

    question: int
    first_text: float | None = None
    answers: float | None = None
    reviews: float | None = None
    verdict_text: float | None = None
    verdict: float | None = None
    answered: int = 0
    best_on_top: bool | None = None


class Plain:
    """Three barriers and no hedge. What fails is sent again twice, after half a second and after a
    second, or when the provider says; what takes 120 s is given up and sent again likewise. Who has
    no answer then is done without; without a chairman there is no verdict."""

    def __init__(self, models: Models) -> None:
        self.models = models

    async def run(self, number: int) -> Run:
        loop = asyncio.get_running_loop()
        began, seed = loop.time(), draw(self.models.climate.seed, "council", number).getrandbits(40)
        question = Question(str(number), question_text(number), seed, datetime.now(UTC))
        labels = ranking.labels(seed, len(MEMBERS))
        answers = await self._answers(question)
        answers_at = loop.time() - began
        if not answers:
            return Run(number)
        reviews = await self._reviews(question, labels, answers)
        reviews_at = loop.time() - began
        answered = [(labels[seat], MEMBERS[seat]) for seat in answers]
        standings = ranking.standings(_ballots(labels, answers, reviews), answered, seed)
        top = _top(question, labels, answers, reviews)
        heard: list[float] = []
        verdict = await self._ask(
            question,
            "verdict",
            COUNCIL.chairman_seat,
            prompts.verdict_prompt(
                question,
                COUNCIL,
                [(labels[seat], text) for seat, text in answers.items()],
                [(labels[seat], text) for seat, text in reviews.items()],
                standings,
                None,
                fence=fences.fence(seed, "verdict", 0, COUNCIL.chairman_seat),
            ),
            lambda piece: heard.append(loop.time() - began) if piece else None,
        )
        return Run(
            number,
            self._first_text(question, began, answers_at),
            answers_at,
            reviews_at,
            heard[0] if verdict else None,
            loop.time() - began if verdict else None,
            len(answers),
            is_best(self.models.climate, number, top) if top else None,
        )

    def _first_text(self, question: Question, began: float, answers_at: float) -> float:
        """Nobody reads an answer before all are there."""
        return answers_at

    async def _answers(self, question: Question) -> Texts:
        def prompt(seat: int) -> tuple[Message, ...]:
            fence = fences.fence(question.seed, "answer", 0, seat)
            return prompts.answer_prompt(question, COUNCIL, fence=fence)

        return await self._all(question, "answer", range(len(MEMBERS)), prompt)

    async def _reviews(self, question: Question, labels: tuple[str, ...], answers: Texts) -> Texts:
        return await self._all(
            question,
            "review",
            answers,
            lambda seat: _review_prompt(question, labels, answers, seat),
        )

    async def _all(
        self,
        question: Question,
        stage: str,
        seats: "range | Texts",
        prompt: Callable[[int], tuple[Message, ...]],
    ) -> Texts:
        """Every text that came, once no other will."""
        async with asyncio.TaskGroup() as group:
            asked = {
                seat: group.create_task(self._ask(question, stage, seat, prompt(seat)))
                for seat in seats
            }
        done = {seat: task.result() for seat, task in asked.items()}
        return {seat: completion.text for seat, completion in done.items() if completion}

    async def _ask(
        self,
        question: Question,
        stage: str,
        seat: int,
        messages: tuple[Message, ...],
        heard: Callable[[str], None] = lambda piece: None,
    ) -> Completion | None:
        request = _request(question, stage, seat, messages)
        for pause in (*PAUSES_SECONDS, None):
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    return await self.models.complete(request, heard)
            except TimeoutError:
                wait = pause
            except ModelFailed as error:
                wait = pause and (error.retry_after_seconds or pause)
            if wait is not None:
                await asyncio.sleep(wait)
        return None


class Limit(Plain):
    """Each call is the first of its requests that nothing happens to, as slow as that one is, begun
    at once: failures cost no time. The chairman begins when two ballots share a sole first, or with
    the third. It hedges nothing, so that where many straggle a council that does may be faster."""

    def __init__(self, models: Models) -> None:
        super().__init__(models)
        self._first_answers: dict[str, float] = {}

    async def _ask(
        self,
        question: Question,
        stage: str,
        seat: int,
        messages: tuple[Message, ...],
        heard: Callable[[str], None] = lambda piece: None,
    ) -> Completion | None:
        request = _request(question, stage, seat, messages)
        attempt = next(n for n in range(1_000) if not self.models.weather_of(request, n).trouble)
        completion = await self.models.attempt(request, attempt, heard)
        self._first_answers.setdefault(question.id, asyncio.get_running_loop().time())
        return completion

    def _first_text(self, question: Question, began: float, answers_at: float) -> float:
        """Each answer is read when it is there."""
        return self._first_answers[question.id] - began

    async def _reviews(self, question: Question, labels: tuple[str, ...], answers: Texts) -> Texts:
        reviews: Texts = {}

        async def review(seat: int) -> None:
            prompt = _review_prompt(question, labels, answers, seat)
            completion = await self._ask(question, "review", seat, prompt)
            assert completion
            reviews[seat] = completion.text

        going = {asyncio.ensure_future(review(seat)) for seat in answers}
        while going and not _enough(_ballots(labels, answers, reviews)):
            _, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        heard = dict(reviews)
        self._begun(question, labels, answers, reviews, going)
        return heard

    def _begun(
        self,
        question: Question,
        labels: tuple[str, ...],
        answers: Texts,
        reviews: Texts,
        going: Going,
    ) -> None:
        """The chairman begins; `reviews` holds more when more of those that are `going` are done."""
        for task in going:
            task.cancel()


class Settled(Limit):
    """As `Limit`, but the verdict is given when it is settled which answer is first, by the
    product's rule. The chairman has never begun for another one in vain."""

    def __init__(self, models: Models) -> None:
        super().__init__(models)
        self._settling: dict[int, asyncio.Task[str | None]] = {}

    async def run(self, number: int) -> Run:
        loop = asyncio.get_running_loop()
        began = loop.time()
        run = await super().run(number)
        top = await self._settling.pop(number)
        return replace(
            run,
            verdict=loop.time() - began,
            best_on_top=top is not None and is_best(self.models.climate, number, top),
        )

    def _begun(
        self,
        question: Question,
        labels: tuple[str, ...],
        answers: Texts,
        reviews: Texts,
        going: Going,
    ) -> None:
        async def settle() -> str | None:
            left, shown = going, [labels[seat] for seat in answers]
            while left:
                ballots = _ballots(labels, answers, reviews)
                counts = {"reviewers": len(answers), "to_come": len(left)}
                if ranking.decided(ballots.values(), shown, **counts):
                    break
                _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            return _top(question, labels, answers, reviews)

        self._settling[int(question.id)] = asyncio.create_task(settle())


class Direct(Plain):
    """The member with the best answers alone, asked the same."""

    async def run(self, number: int) -> Run:
        loop = asyncio.get_running_loop()
        began = loop.time()
        question = Question(str(number), question_text(number), number, datetime.now(UTC))
        seat = max(range(len(MEMBERS)), key=lambda seat: TEMPERS[MEMBERS[seat]].skill)
        heard: list[float] = []
        prompt = prompts.answer_prompt(question, COUNCIL, fence="")
        answer = await self._ask(
            *(question, "answer", seat, prompt),
            lambda piece: heard.append(loop.time() - began) if piece else None,
        )
        if answer is None:
            return Run(number)
        best = is_best(self.models.climate, number, MEMBERS[seat])
        return Run(number, heard[0], None, None, heard[0], loop.time() - began, 1, best_on_top=best)


def is_best(climate: Climate, number: int, model: str) -> bool:
    """Whether nobody's answer to this question is worth more."""
    return max(MEMBERS, key=lambda each: worth(climate, each, number)) == model


def _top(question: Question, labels: tuple[str, ...], answers: Texts, reviews: Texts) -> str | None:
    """The model whose answer is first; `None` where there is no ballot."""
    ballots = _ballots(labels, answers, reviews)
    answered = [(labels[seat], MEMBERS[seat]) for seat in answers]
    return ranking.standings(ballots, answered, question.seed)[0].model if ballots else None


def _request(question: Question, stage: str, seat: int, messages: tuple[Message, ...]) -> Request:
    tag = f"{question.id}/{stage}/0/{seat}"
    return Request(COUNCIL.model(seat), messages, TOKENS[stage], tag)


def _review_prompt(
    question: Question, labels: tuple[str, ...], answers: Texts, seat: int
) -> tuple[Message, ...]:
    """The answers in an order drawn anew for each reviewer."""
    shown = [(labels[each], text) for each, text in answers.items()]
    draw(question.seed, "order", seat).shuffle(shown)
    fence = fences.fence(question.seed, "review", 0, seat)
    return prompts.review_prompt(question, COUNCIL, shown, fence=fence)


def _ballots(labels: tuple[str, ...], answers: Texts, reviews: Texts) -> dict[str, Ranking]:
    shown = [labels[seat] for seat in answers]
    read = {labels[seat]: parse_ranking(text, shown) for seat, text in reviews.items()}
    return {label: ballot for label, ballot in read.items() if ballot}


def _enough(ballots: dict[str, Ranking]) -> bool:
    firsts = Counter(ballot[0] for ballot in ballots.values() if len(ballot[0]) == 1)
    return len(ballots) >= 3 or max(firsts.values(), default=0) >= 2
