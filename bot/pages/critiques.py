"""What the reviewers wrote about the answers, by label alone."""

from bot.council import Deliberation, Question
from bot.document import Block, Document, Heading, Note, Text
from bot.language import _
from bot.pages.sentences import letters, masked, reviews, vote, whose_review


def critiques(deliberation: Deliberation, question: Question) -> Document:
    """Every review with its ranking, still anonymous, each text whole."""
    models = [member.model for member in deliberation.members]
    blocks: list[Block] = []
    for review in reviews(deliberation, question):
        if review.text:
            blocks += [
                Heading(whose_review(review, deliberation, question)),
                Note(vote(review, deliberation, question)),
                Text(masked(review.text, models)),
            ]
    return Document(
        tuple(blocks) or (Text(_("Nobody reviewed the answers.")),),
        letters=letters((member.label for member in deliberation.members), question),
    )
