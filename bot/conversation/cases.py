"""What becomes of a mention: the words that it asks, checked, and the case that is made of them.

Whether it may be asked, and at what price, `questions` knows.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from bot.chat import Mention, Person, channel_of
from bot.conversation.exhibits import ABOUT_FILES
from bot.council import Council, Origin, Question, Redo
from bot.errors import InvalidInput
from bot.language import _
from bot.models.gate import mended
from bot.modes import mode_and_question
from bot.protocol.folding import is_blank
from bot.records import AuditionEnding, Case
from bot.redaction import Redaction, placeholders
from bot.waiting import wait_and_question

QUESTION_LIMIT_CHARS = 32_000
# A database on a server has no room for much more in what it looks rows up by.
ID_LIMIT_CHARS = 200


@dataclass(frozen=True, slots=True)
class TakenUp:
    """The run whose answers a question has: for a verdict anew, or to grow into the whole council."""

    case: Case
    redo: Redo | None = None


def checked(text: str, nothing: str = "") -> str:
    """The question without space around it. Raises `InvalidInput` where there is none, which
    `nothing` says, or too much."""
    # Bytes that are no UTF-8 come from the command line as halves of surrogate pairs.
    text = text.encode("utf-8", "replace").decode().strip()
    if is_blank(text):
        raise InvalidInput(
            nothing or _("The question is empty. Write what the council should answer.")
        )
    if len(text) > QUESTION_LIMIT_CHARS:
        raise InvalidInput(
            _(
                "The question has {given:,} characters; the limit is {limit:,}. "
                "Shorten it, or ask about a part.",
                given=len(text),
                limit=QUESTION_LIMIT_CHARS,
            )
        )
    return text


def checked_id(id: str) -> str:
    """Raises `InvalidInput` where it is too long, or no text in UTF-8."""
    if len(id) > ID_LIMIT_CHARS or id != id.encode("utf-8", "replace").decode():
        raise InvalidInput(_("an id is a text of up to {n} characters", n=ID_LIMIT_CHARS))
    return id


def new_case(
    text: str,
    council: Council,
    asked_at: datetime,
    *,
    id: str | None = None,
    seed: int | None = None,
    mention: Mention | None = None,
) -> Case:
    """A case of this question, not stored yet; without a `mention` one of the command line, without
    a `seed` one of its own.

    Raises `InvalidInput`.
    """
    question = Question(
        id=id or secrets.token_hex(6),
        text=checked(text),
        seed=secrets.randbits(48) if seed is None else seed,
        asked_at=asked_at,
    )
    if mention is None:
        return Case(question, council, "cli")
    return Case(
        question=replace(
            question,
            quoted=mention.quoted,
            unread=mention.unread,
            origin=mention.origin,
            alone=mention.alone,
            files=mention.files,
        ),
        council=council,
        platform=mention.channel.platform,
        workspace=mention.channel.workspace,
        channel=mention.channel.id,
        thread=mention.thread,
        asker=mention.person.id,
        mention=mention.key,
        address=mention.address,
    )


def redacted(case: Case, known: Mapping[str, str]) -> tuple[Case, dict[str, str]]:
    """The case with placeholders in all that models would get of it, and what they stand for.
    `known` are those of its thread."""
    hidden = Redaction(known)
    question, council = case.question, case.council
    redo = question.redo
    question = replace(
        question,
        text=hidden.hide(question.text),
        quoted=hidden.hide(question.quoted),
        redo=redo and replace(redo, guidance=hidden.hide(redo.guidance)),
        files=tuple(replace(f, name=_hidden_name(f.name, hidden)) for f in question.files),
    )
    council = replace(
        council,
        criteria=hidden.hide(council.criteria),
        instructions=hidden.hide(council.instructions),
    )
    guidance = question.redo.guidance if question.redo else ""
    names = [file.name for file in question.files]
    prose = (question.text, question.quoted, guidance, council.criteria, council.instructions)
    texts = (*prose, *names)
    stand = {name for text in texts for name in placeholders(text)}
    originals = {name: text for name, text in hidden.originals.items() if name in stand}
    return replace(case, question=question, council=council), originals


@dataclass(frozen=True, slots=True)
class Way:
    """How a question says that it is to be asked; `None` is as always in its channel."""

    mode: str | None = None
    wait: int | None = None

    def __bool__(self) -> bool:
        return self != Way()


def split_way(mention: Mention) -> tuple[Mention, Way]:
    """The mention without what it says of that, in either order, and that. Where there is nothing else
    it is meant for the message replied to, and what is asked once more said so before. Raises
    `InvalidInput` where there is no such mode or time."""
    if mention.origin and mention.origin.repeats:
        return mention, Way()
    wait, text = wait_and_question(mention.text)
    mode, text = mode_and_question(text)
    if wait is None:
        wait, text = wait_and_question(text)
    way = Way(mode, wait)
    if way and not text:
        mention, text = replace(mention, quoted=""), mention.quoted
    if is_blank(text) and mention.files:
        text = ABOUT_FILES
    return replace(mention, text=text), way


def taking_up(case: Case, taken: TakenUp) -> Case:
    """Its reviews count for what those of the run taken up do."""
    grows = "" if taken.redo else taken.case.id
    question = replace(case.question, redo=taken.redo, grows=grows)
    council = replace(case.council, weights=taken.case.council.weights)
    return replace(case, question=question, council=council)


def without_audition(case: Case, ending: AuditionEnding) -> Case:
    """Asked of the members alone, and to say that the audition is over."""
    council = replace(case.council, members=case.council.seated, audition="")
    question = replace(case.question, ended_audition=ending.audition.model)
    return replace(case, council=council, question=question)


def as_asked_by(person: Person, case: Case) -> Mention:
    """The question of a case as this person's."""
    mention = mention_in(case, person, case.mention or "")
    return asking_again(mention, case.question, Origin(repeats=case.id))


def mention_in(case: Case, person: Person, key: str, address: str = "") -> Mention:
    """A question to come where the case was asked, and in its language."""
    here, place, spoken = channel_of(case), address or case.address, case.council.interface
    return Mention(key, here, person, "", place, case.thread, locale=spoken)


def asking_again(mention: Mention, question: Question, origin: Origin) -> Mention:
    """The mention with this question and all that went along with it."""
    return replace(
        mention,
        text=question.text,
        quoted=question.quoted,
        unread=question.unread,
        origin=origin,
        alone=question.alone,
        files=question.files,
    )


def sendable(mention: Mention) -> Mention:
    """Half a character, which chats do send, can be neither stored nor sent on."""
    return replace(
        mention,
        text=mended(mention.text),
        quoted=mended(mention.quoted),
        unread=tuple(map(mended, mention.unread)),
        files=tuple(replace(file, name=mended(file.name)) for file in mention.files),
    )


def _hidden_name(name: str, hidden: Redaction) -> str:
    """Its end stays: by that files are read."""
    path = PurePath(name)
    return hidden.hide(path.stem) + path.suffix
