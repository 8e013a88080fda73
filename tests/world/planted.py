"""`python -m tests.world.planted`: bugs planted one at a time into a copy, and whether worlds find them.

A world that finds nothing proves nothing; this says how much it finds. A line that is not there any
more is named: then the bug has to be written anew.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.world.databases import DatabaseName
from tests.world.world import say

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("bot", "adapters", "tests", "slack-manifest.yaml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Bug:
    """In this file, `old` becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    database: DatabaseName = "sqlite"


BUGS = (
    Bug(
        "a confirmed post is not written down",
        "bot/conversation/outbox.py",
        "await self._store.confirm_post(self._run, key, part, id, digest)",
        "pass",
    ),
    Bug(
        "what an earlier process did not confirm is not in doubt",
        "bot/conversation/outbox.py",
        "self._doubts[post.key, post.part].stands = post.post_id is None",
        "self._doubts[post.key, post.part].stands = False",
    ),
    Bug(
        "a lost answer is taken for a refusal",
        "bot/conversation/persistence.py",
        "            doubt.stands = True\n",
        "            doubt.stands = False\n",
    ),
    Bug(
        "a post that a person deleted comes again",
        "bot/conversation/outbox.py",
        "        if post.deleted:\n            return None\n        id = post.post_id or",
        "        id = (None if post.deleted else post.post_id) or",
    ),
    Bug(
        "a finished call is asked again",
        "bot/protocol/calls.py",
        "if finished := journal.finished(stage, round, seat):",
        "if (finished := journal.finished(stage, round, seat)) and False:",
    ),
    Bug(
        "a finished call has no row",
        "bot/store/journal.py",
        "yield inserted(self.deliberation, call)",
        "yield Statement('SELECT 1')",
    ),
    Bug(
        "the log is not synced at a commit",
        "bot/store/sqlite_database.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
    ),
    Bug(
        "letters are dealt anew at every start",
        "bot/protocol/ranking.py",
        "return random.Random(int.from_bytes(digest))",
        "return random.Random(random.random())",
    ),
    Bug(
        "what an empty reply cost is not booked",
        "bot/protocol/attempts.py",
        "            if error.spent:\n",
        "            if error.spent and not error.unusable:\n",
    ),
    Bug(
        "only the newest sum of a day is kept",
        "bot/store/spending.py",
        "told_micros = spending.told_micros + excluded.told_micros",
        "told_micros = excluded.told_micros",
    ),
    Bug(
        "what is set aside is not given back",
        "bot/store/spending.py",
        "    allowance = yield from _allowance(deliberation)\n"
        "    yield _hold(deliberation, allowance.held)\n\n\ndef book(",
        "    yield from _allowance(deliberation)\n\n\ndef book(",
    ),
    Bug(
        "a stopped run keeps what it set aside",
        "bot/store/journal.py",
        "                yield from then(self.deliberation)\n",
        "                if status == 'finished':\n"
        "                    yield from then(self.deliberation)\n",
    ),
    Bug(
        "questions together pass a limit",
        "bot/store/spending.py",
        "        if needed > left.left_micros:\n",
        "        if needed < 0:\n",
    ),
    Bug(
        "every post notifies the asker",
        "bot/conversation/showing.py",
        "ping=post.key == RANKING",
        "ping=True",
    ),
    Bug(
        "models may mention whom they like",
        "adapters/slack/mrkdwn.py",
        "    return _interrupted(escape(text))\n",
        "    return text\n",
    ),
    Bug(
        "forgetting leaves the log as it is",
        "bot/store/sqlite_database.py",
        'await self.read("PRAGMA wal_checkpoint(TRUNCATE)")',
        "[(0,)]",
    ),
    Bug(
        "forgetting leaves the answers",
        "bot/store/sqlite_database.py",
        "PRAGMA foreign_keys = ON",
        "PRAGMA foreign_keys = OFF",
    ),
    Bug(
        "a run counts as delivered before its posts are there",
        "bot/conversation/serving.py",
        "            await self._showing.delivered()\n        except",
        "            await self._store.delivered(self.case.id)\n"
        "            await self._showing.delivered()\n        except",
    ),
    Bug(
        "a state that came meanwhile counts as shown",
        "bot/conversation/showing.py",
        "self.seen, post.shown, post.words, post.refused = True, version,",
        "self.seen, post.shown, post.words, post.refused = True, post.version,",
    ),
    Bug(
        "a mention that comes twice is asked twice",
        "bot/conversation/cases.py",
        "mention=mention.key,\n",
        "mention=f'{mention.key}/{secrets.token_hex(2)}',\n",
    ),
    Bug(
        "what nobody heard is not looked for",
        "bot/conversation/catchup.py",
        "            group.create_task(self.mentions(place))",
        "            del place",
    ),
    Bug(
        "only running questions are gone on with",
        "bot/store/cases.py",
        '"WHERE platform = ? AND delivered = 0 ORDER BY number"',
        "\"WHERE platform = ? AND delivered = 0 AND status = 'running' ORDER BY number\"",
    ),
    Bug(
        "texts that are too old stay where models wrote them",
        "bot/store/retention.py",
        "UPDATE calls SET text = '' WHERE deliberation = ? AND text IS NOT NULL",
        "UPDATE calls SET text = '' WHERE deliberation = ? AND text IS NULL",
    ),
    Bug(
        "guests may ask",
        "bot/conversation/desk.py",
        "        if person.guest:\n            return False\n",
        "",
    ),
    Bug(
        "nobody remembers that an older post is to go",
        "bot/conversation/outbox.py",
        "await self._store.replace_post(post, id, sending.digest)",
        "await self._confirm(post.key, post.part, id, sending.digest)",
    ),
    Bug(
        "a ranking that nobody may edit is posted again",
        "adapters/slack/reply.py",
        "return Edited.DONE if key == RANKING else Edited.FROZEN",
        "return Edited.FROZEN",
    ),
    Bug(
        "what takes a question up is weighed anew",
        "bot/conversation/cases.py",
        "council = replace(case.council, weights=taken.case.council.weights)",
        "council = case.council",
    ),
    Bug(
        "bars show what weighs a ballot",
        "bot/pages/ranked.py",
        "                standing.score or 0,\n                share(standing.score or 0),\n",
        "                standing.ordered_by,\n                share(standing.ordered_by),\n",
    ),
    Bug(
        "a weighed reviewer gains by preferring itself",
        "bot/protocol/weighing.py",
        "shares[reviewer] -= _preference(reviewer, weights)",
        "pass",
    ),
    Bug(
        "a commit whose answer was lost is made twice",
        "bot/store/postgres_commits.py",
        "        return self._sent.outcomes if stands else None\n",
        "        return self._sent.outcomes if stands and False else None\n",
        "postgresql",
    ),
    Bug(
        "a commit that never arrived passes for made",
        "bot/store/postgres_commits.py",
        "        return self._sent.outcomes if stands else None\n",
        "        return self._sent.outcomes\n",
        "postgresql",
    ),
    Bug(
        "a write whose connection was lost is not made again",
        "bot/store/postgres_errors.py",
        '_PASSING = ("08", "57P", ',
        '_PASSING = ("08", "57Q", ',
        "postgresql",
    ),
    Bug(
        "what a process is at that lives is taken from it",
        "bot/conversation/working.py",
        "if each[1] not in living]",
        "if each[1] not in ()]",
        "postgresql",
    ),
    Bug(
        "who comes back from the dead writes on",
        "bot/store/journal.py",
        '"SELECT 1 FROM deliberations WHERE id = ? AND token = ?"',
        '"SELECT 1 FROM deliberations WHERE id = ? AND token >= ?"',
        "postgresql",
    ),
    Bug(
        "what a process was at that lives no more stays its own",
        "bot/conversation/working.py",
        "            await self._store.break_lease(id, process)\n",
        "            pass\n",
        "postgresql",
    ),
    Bug(
        "a hint that was lost is not repeated",
        "bot/conversation/working.py",
        "[id for id in waiting if id in waits_long][:AGAIN]",
        "[]",
        "postgresql",
    ),
    Bug(
        "a bell that was missed is missed for ever",
        "bot/conversation/bells.py",
        "        await within(self._pause, self._rung.wait())\n",
        "        await self._rung.wait()\n",
        "postgresql",
    ),
    Bug(
        "answers name their members",
        "bot/pages/presenter.py",
        "    text = demoted(masked(given.text, council.members).strip())\n",
        "    text = given.model + ': ' + given.text\n",
    ),
)


def find(bug: Bug, options: argparse.Namespace) -> str:
    """What the first world that notices it says; "" where none does."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        for name in _COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder) / name)
        file = Path(folder) / bug.file
        text = file.read_text()
        if text.count(bug.old) != 1:
            return f"THE LINE IS THERE {text.count(bug.old)} TIMES"
        file.write_text(text.replace(bug.old, bug.new))
        words = ["--seeds", options.seeds, "--minutes", str(options.minutes), "--first"]
        words += ["--processes", str(options.processes), "--database", bug.database]
        done = subprocess.run(
            [sys.executable, "-m", "tests.world", *words],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = [line for line in done.stdout.splitlines() if line.startswith("seed ")]
        return found[0] if found else done.stderr.strip()[-300:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.world.planted", description=__doc__)
    parser.add_argument("--seeds", default="0-1999")
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="those with this in their name")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if options.only in bug.name]
    count = 0
    for bug in bugs:
        began = time.perf_counter()
        found = find(bug, options)
        count += found.startswith("seed ")
        say(f"{bug.name} ({time.perf_counter() - began:.0f} s)\n    {found[:160] or 'NOT FOUND'}")
    say(f"{count} of {len(bugs)} found")
    return int(count < len(bugs))


if __name__ == "__main__":
    sys.exit(main())
