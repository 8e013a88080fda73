"""What the reviewers wrote about the answers, by label alone."""

from bot.council import Deliberation
from bot.document import Block, Document, Heading, Note, Text
from bot.language import _
from bot.pages.sentences import masked, vote


def critiques(deliberation: Deliberation) -> Document:
    """Every review with its ranking, still anonymous, each text whole."""
    models = [member.model for member in deliberation.members]
    blocks: list[Block] = []
    for review in deliberation.reviews:
        if review.text:
            blocks += [
                Heading(_("Review by the author of Answer {label}", label=review.label)),
                Note(vote(review)),
                Text(masked(review.text, models)),
            ]
    return Document(tuple(blocks) or (Text(_("Nobody reviewed the answers.")),))
