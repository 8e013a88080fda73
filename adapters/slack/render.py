"""A Document as Slack shows it: Block Kit within its limits.

Pure. What stands open is in the message itself; each `Detail` is a container that every reader
folds and unfolds alone. What does not fit goes on in further messages, or, where there is very much
of it, in a file. Buttons carry what they do in `action_id`, and the run with what else they say
in `value`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from adapters.slack.blocks import NO_RUN, shortened
from adapters.slack.packing import Message, packed, packed_in_order
from adapters.text.letters import linked_letters
from adapters.text.markdown import first_piece, honest_links, split_markdown
from bot.chat import HEADLINE, VERDICT
from bot.cleaning import harmless, one_line
from bot.conversation.offers import Offer
from bot.document import (
    Block,
    Button,
    Detail,
    Document,
    Heading,
    Image,
    Leaf,
    Letter,
    Note,
    Text,
    literal,
    parted,
)
from bot.language import N_, _

# Beyond this many characters people get a file, and this much to see what is in it.
GIANT, PREVIEW = 25_000, 2_000
# A verdict of more characters than that shows so many, and the rest in a fold.
LONG, OPEN = 6_000, 3_000
# What is shown of a text while it is still being written.
DRAFT = 5_000

_NO_URLS: Mapping[str, str] = {}

_IN_FILE = N_("The whole text is in the file below.")


@dataclass(frozen=True, slots=True)
class File:
    """`name` is unique to the post, so that the file can be found again."""

    name: str
    title: str
    content: bytes
    alt: str = ""

    def digest(self) -> str:
        return sha256(self.content).hexdigest()


Part = Message | File


# --- Posts


def post(
    document: Document,
    *,
    run: str,
    key: str,
    asker: str | None = None,
    verdict_url: str | None = None,
    urls: Mapping[str, str] = _NO_URLS,
    files: bool = True,
) -> tuple[Part, ...]:
    """The messages for the post of this key, and files after them where `files` may be used.

    `asker` is pinged where given, and `verdict_url` linked. `urls` are those of posts, by key.
    """
    is_headline, letters = key in {HEADLINE, VERDICT} and not verdict_url, document.letters
    blocks = list(document.blocks)
    if document.live:
        blocks = _shortened_texts(blocks, DRAFT, " …")
    attached = list(_pictures(blocks, f"{run}-{_slug(key)}"))
    if files and _length(blocks) > GIANT:
        name = f"{run}-{_slug(key)}.md"
        whole = _whole(_lettered(blocks, letters))
        attached.insert(0, File(name, _title(blocks) or key, whole.encode()))
        blocks = _shortened_texts(blocks, PREVIEW, f"\n\n… *{_(_IN_FILE)}*")
    if is_headline and not document.live:
        blocks = _rest_folded(blocks)
    linked = partial(linked_letters, letters=letters, url=urls.get)
    messages = packed(
        _lettered(blocks, letters, but=(Heading, Text) if is_headline else ()),
        asker=asker,
        verdict_url=verdict_url,
        top=document.top,
        buttons=document.buttons,
        run=run,
        as_markdown=linked if is_headline else None,
    )
    if document.live:
        return tuple(messages[:1])
    return (*messages, *(attached if files else ()))


def document_messages(document: Document, *, run: str = NO_RUN) -> tuple[Message, ...]:
    """The whole document with its folds open: for one person, in answer to something.

    `run` is what its buttons belong to.
    """
    blocks = _lettered(document.blocks, document.letters)
    return tuple(packed(_unfolded(blocks), buttons=document.buttons, run=run))


def read_through(document: Document, *, run: str = NO_RUN) -> tuple[Message, ...]:
    """The same, with what can be done below all there is to read."""
    leaves = _unfolded(_lettered(document.blocks, document.letters))
    return tuple(packed_in_order(leaves, buttons=document.buttons, run=run))


def pictures(document: Document, name: str) -> tuple[File, ...]:
    """A document's pictures, to be uploaded beside its messages; `name` begins their names."""
    return tuple(_pictures(_unfolded(document.blocks), name))


def offer_message(offer: Offer, ts: str) -> Message:
    """Two ways to go on from a reply to the bot, each with its price; nothing is paid yet.

    `ts` is the reply: the question to ask.
    """
    buttons = [Button(f"ask:{ts}", _("Ask the council ({price})", price=offer.price))]
    if offer.alone_price:
        alone = _("Ask only {label} ({price})", label=offer.name, price=offer.alone_price)
        buttons.append(Button(f"alone:{offer.label}:{ts}", alone))
    text = _(
        "Shall the council take this up? Mention the bot in the message to ask without being asked."
    )
    shown = Document((Text(text),), buttons=tuple(buttons))
    return document_messages(shown, run=offer.run)[0]


def _rest_folded(blocks: Sequence[Block]) -> list[Block]:
    """A long verdict goes on in a fold below all else, so that its thread can be overlooked."""
    texts = [(len(each.text), n, each) for n, each in enumerate(blocks) if isinstance(each, Text)]
    if sum(length for length, *_ in texts) <= LONG:
        return list(blocks)
    _length, n, longest = max(texts)
    first, *rest = split_markdown(longest.text, OPEN)
    head, notes = parted([*blocks[:n], Text(first), *blocks[n + 1 :]])
    fold = [Detail(_("The verdict goes on"), tuple(map(Text, rest)))] if rest else []
    return [*head, *fold, *notes]


def _lettered(
    blocks: Sequence[Block], letters: Sequence[Letter], *, but: tuple[type[Leaf], ...] = ()
) -> list[Block]:
    """With labels as people see them; leaves of the kinds in `but` stay, unless they are folded.
    None is a link: mrkdwn shows the address beside a label."""

    def shown(leaf: Leaf) -> Leaf:
        if isinstance(leaf, Heading | Text | Note):
            return replace(leaf, text=linked_letters(leaf.text, letters, _NO_URLS.get))
        return leaf

    if not letters:
        return list(blocks)
    return [each if isinstance(each, but) else _changed(each, shown) for each in blocks]


def _changed(block: Block, change: Callable[[Leaf], Leaf]) -> Block:
    """With every leaf changed, folded ones too."""
    if isinstance(block, Detail):
        return replace(block, blocks=tuple(map(change, block.blocks)))
    return change(block)


def _unfolded(blocks: Sequence[Block]) -> list[Leaf]:
    leaves: list[Leaf] = []
    for block in blocks:
        if not isinstance(block, Detail):
            leaves.append(block)
            continue
        hint = [Note(literal(block.hint))] if block.hint else []
        leaves += [Heading(literal(block.title)), *hint, *block.blocks]
    return leaves


# --- Files


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(leaf.text) for leaf in _unfolded(blocks) if isinstance(leaf, Text))


def _title(blocks: Sequence[Block]) -> str:
    return next((one_line(block.title) for block in blocks if isinstance(block, Detail)), "")


def _whole(blocks: Sequence[Block]) -> str:
    texts = [leaf.text for leaf in _unfolded(blocks) if isinstance(leaf, Text)]
    return "\n\n".join(map(harmless_markdown, texts)) + "\n"


def harmless_markdown(text: str) -> str:
    """For files: nothing turns or hides, and links show where they lead."""
    return honest_links(harmless(text))


def _shortened_texts(blocks: Sequence[Block], limit: int, ending: str) -> list[Block]:
    def cut(leaf: Leaf) -> Leaf:
        if not isinstance(leaf, Text) or len(leaf.text) <= limit:
            return leaf
        return Text(first_piece(leaf.text, limit)[0] + ending)

    return [_changed(block, cut) for block in blocks]


def _pictures(blocks: Sequence[Block], name: str) -> Iterator[File]:
    """Those that bars do not stand for: a picture cannot be shown to one person alone."""
    found = [leaf for leaf in _unfolded(blocks) if isinstance(leaf, Image) and not leaf.bars]
    for number, image in enumerate(found, 1):
        alt = shortened(one_line(image.alt), 1_000)
        yield File(f"{name}-{number}.png", alt or _("Picture"), image.png, alt)


def _slug(key: str) -> str:
    return re.sub(r"\W+", "-", key)
