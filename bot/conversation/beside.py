"""What one reader finds beside a post: their own votes on it, and the answers next to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot import emoji as reactions
from bot.chat import Person, is_answer
from bot.conversation.app import App
from bot.conversation.offers import can_be_alone
from bot.council import Question
from bot.pages.sentences import shown
from bot.records import Post, ReactionValue
from bot.votes import standing_votes


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An answer's post, and what people call it: `B`, or `2B` in a thread's second question."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Beside:
    """`alone` is the answer itself, where its author can be asked more without the others."""

    votes: frozenset[ReactionValue] = frozenset()
    before: Neighbour | None = None
    after: Neighbour | None = None
    alone: Neighbour | None = None


async def beside(app: App, run: str, key: str, person: Person) -> Beside:
    votes = standing_votes(await app.store.reactions(run))
    target = reactions.target(key)
    own = frozenset(
        vote.value for vote in votes if (vote.person, vote.target) == (person.id, target)
    )
    answers = [
        post.key for post in sorted(await app.store.posts(run), key=_order) if _answers(post)
    ]
    case = await app.store.case(run)
    if case is None or target is None or key not in answers:
        return Beside(own)
    question = await app.store.numbered(case)
    at = answers.index(key)
    return Beside(
        own,
        await _nearest(app, question, reversed(answers[:at])),
        await _nearest(app, question, answers[at + 1 :]),
        Neighbour(key, shown(target, question)) if can_be_alone(case, target) else None,
    )


async def _nearest(app: App, question: Question, keys: Iterable[str]) -> Neighbour | None:
    """The first that can be read: some members gave no answer."""
    for key in keys:
        document = await app.archive.document(question.id, key)
        if document:
            return Neighbour(key, shown(reactions.target(key) or "", question))
    return None


def _answers(post: Post) -> bool:
    return is_answer(post.key) and not post.part and not post.deleted


def _order(post: Post) -> tuple[int, str]:
    """Of labels: Z before AA."""
    return len(post.key), post.key
