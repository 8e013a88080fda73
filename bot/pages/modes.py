"""What the modes say in their threads that no other one does. Pure and blind."""

from bot.council import Deliberation
from bot.document import Block, Heading, Text
from bot.language import _, n_


def side_by_side(deliberation: Deliberation) -> list[Block]:
    """In the place of a verdict, where people judge the answers."""
    said = _("Nobody ranked them and no verdict was written: which is best is for people to say.")
    return [Heading(count_of_answers(deliberation)), Text(said)]


def count_of_answers(deliberation: Deliberation) -> str:
    n = len(deliberation.answers)
    return n_("{n} answer, and none to compare it with", "{n} answers, side by side", n)
