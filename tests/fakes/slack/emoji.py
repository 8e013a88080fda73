"""The emoji names the local Slack knows, a working selection; a workspace adds its own."""

import re

_ALIASES = {"thumbsup": "+1", "thumbsdown": "-1", "collision": "boom", "satisfied": "laughing"}
_NAMES = """
    +1 -1 100 a b boom bar_chart bell books bulb bust_in_silhouette clap classical_building clock1
    eight eyes fire five four grey_question grinning hand hankey heart heavy_check_mark
    hourglass_flowing_sand hugging_face joy keycap_ten lab_coat laughing mag mag_right medal memo muscle nine
    no_entry no_entry_sign o ok ok_hand one open_mouth partying_face pencil question raised_hands
    robot_face rocket rofl scales seven six smile sob sports_medal star star2 tada thinking_face
    three trophy two v warning wave white_check_mark x zap zero
"""
_KNOWN = frozenset(_NAMES.split())
_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")


def canonical(name: str, custom: frozenset[str]) -> str | None:
    """The name Slack keeps a reaction under; None for one it does not know."""
    name = name.strip(":")
    bare = _SKIN_TONE.sub("", name)
    tone = name[len(bare) :]
    bare = _ALIASES.get(bare, bare)
    return bare + tone if bare in _KNOWN or bare in custom else None
