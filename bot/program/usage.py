"""How the commands' help is worded: argparse's own words, too, are in the language of all the rest."""

import argparse
from collections.abc import Iterable
from typing import Any

from bot.language import N_, _

_SECTIONS = {"positional arguments": N_("arguments"), "options": N_("options")}


class Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, formatter_class=_Help, **options)
        self.add_argument("-h", "--help", action="help", help=_("print this and end"))


class _Help(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, _("usage: ") if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(str(_SECTIONS.get(heading or "", heading or "")))
