"""The commands of the program.

Imports what a command needs when it runs: `council --help` has to be quick, and a terminal user
needs no Discord library.
"""

import argparse
import logging
import math
import os
import shlex
import sys
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import __version__
from bot.errors import BotError, InvalidConfiguration, InvalidInput, StoreFailed, StoreUnreachable
from bot.language import N_, _, language_for, locale_of_process, n_, speak
from bot.modes import MODES
from bot.printing import complain, note, tell, tell_json
from bot.program import reading
from bot.program.process import (
    DONE,
    INTERRUPTED,
    NO_ANSWER,
    WRONG_USE,
    configure,
    drop_output,
    event_loop,
    never_fail_for_a_character,
    readable,
    until_interrupted,
    until_signalled,
)
from bot.program.usage import Parser

if TYPE_CHECKING:
    from bot.program.asked import Asked
    from bot.program.config import Config
    from bot.store.server import Server

logger = logging.getLogger(__name__)

STOPPED = N_("Stopped. The same command goes on where it was.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    never_fail_for_a_character()
    speak(readable(language_for(locale_of_process(os.environ))))
    words = sys.argv[1:] if argv is None else argv
    parser, commands = _parser()
    if words and not words[0].startswith("-") and words[0] not in commands:
        note(_unknown(words[0], commands))
        return WRONG_USE
    options = parser.parse_args(words)
    code = _ended(options)
    if code == WRONG_USE and vars(options).get("stay"):
        return until_signalled(_("Nothing is served until that is mended; then start it again."))
    return code


def _ended(options: argparse.Namespace) -> int:
    """The exit code of a command."""
    try:
        import asyncio

        from bot.program.config import load, log_format
        from bot.program.env_file import find_env_file

        env_file = find_env_file()
        level = logging.INFO if options.run in (_serve, _worker) else logging.WARNING
        configure(level, json=log_format(env_file=env_file) == "json")
        config = load(env_file=env_file)
        # The doctor has a line of its own for each.
        for warning in config.warnings if options.run is not _doctor else ():
            logger.warning("%s", warning)
        with asyncio.Runner(loop_factory=event_loop) as runner:
            code = runner.run(until_interrupted(options.run(options, config)))
        sys.stdout.flush()
        return code
    except InvalidConfiguration as error:
        problems = "\n".join(f"- {problem}" for problem in error.problems)
        complain(_("Council cannot start with this environment:") + f"\n{problems}")
        return WRONG_USE
    except StoreUnreachable as error:
        complain(error)
        return NO_ANSWER  # whoever starts it again does what helps
    except (InvalidInput, StoreFailed) as error:
        complain(error)
        return WRONG_USE
    except BotError as error:
        complain(error)
        return NO_ANSWER
    except KeyboardInterrupt:
        if options.run in (_ask, _bench, _serve, _worker, _migrate):
            note("\n" + _(STOPPED))
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return DONE  # the reader of a pipe has seen enough
    except OSError as error:
        # Files are opened, and their errors put into words, elsewhere: this is the output.
        drop_output()
        note(_("The output cannot be written: {strerror}.", strerror=error.strerror))
        note(_("What the models gave is in the database."))
        return WRONG_USE


def _unknown(word: str, commands: Collection[str]) -> str:
    from bot.typos import closest

    if close := closest(word, commands):
        return _(
            "`council {word}` is no command. Did you mean `council {close}`?",
            word=word,
            close=close,
        )
    return _(
        "`council {word}` is no command. A question is asked with `council ask {word}`; "
        "`council --help` lists the commands.",
        word=shlex.quote(word),
    )


def _parser() -> tuple[argparse.ArgumentParser, Collection[str]]:
    """It, and the names of the commands."""
    parser = Parser(
        prog="council",
        description=_("Several models answer, rank each other blindly, and a chairman rules."),
    )
    parser.add_argument(
        "--version", action="version", version=f"council {__version__}", help=_("print it and end")
    )
    parser.set_defaults(run=_chat)
    commands = parser.add_subparsers(title=_("commands"), metavar="COMMAND")

    def add(name: str, run: Callable[..., Coroutine[Any, Any, int]], help: str) -> Any:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    add("chat", _chat, _("a channel in this terminal (the default)"))
    ask = add("ask", _ask, _("put one question to the council"))
    ask.add_argument(
        "words", nargs="*", metavar="QUESTION", help=_("without words: standard input, if piped")
    )
    ask.add_argument(
        "-",
        dest="dash",
        action="store_true",
        help=_("read standard input: the question, or with words what they are about"),
    )
    ask.add_argument("--id", type=_id, help=_("resume or repeat the deliberation of this id"))
    modes = "; ".join(f"{name}: {_(does)}" for name, does in MODES.items())
    ask.add_argument(
        "--mode", help=_("how the verdict comes about (default: council). {modes}", modes=modes)
    )
    ask.add_argument(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="F",
        help=_("a file that goes along (text, code, CSV, PDF, .docx, an image); once for each"),
    )
    ask.add_argument("--answers", action="store_true", help=_("each member's answer, too"))
    ask.add_argument("--json", action="store_true", help=_("the whole deliberation as JSON"))
    show = add("show", reading.thread, _("a finished deliberation again, whole"))
    show.add_argument("id", nargs="?", type=_id, help=_("which one (the newest)"))
    bench = add("bench", _bench, _("put a file of questions to the council and grade the answers"))
    bench.add_argument(
        "file", type=Path, help=_('lines of {{"id","question"[,"reference","grader"]}}')
    )
    bench.add_argument("--out", type=Path, help=_("where the deliberations go (FILE.out.jsonl)"))
    bench.add_argument("--mode", help=_("how each verdict comes about (default: council)"))
    bench.add_argument("--concurrency", type=_count, default=4, help=_("at once (4)"))
    bench.add_argument("--max-cost", type=_usd, metavar="USD", help=_("stop before spending more"))
    bench.add_argument("--skip-bad", action="store_true", help=_("leave out unreadable lines"))
    bench.add_argument("--yes", action="store_true", help=_("spend without asking first"))
    serve = add("serve", _serve, _("run every platform that has a token"))
    serve.add_argument(
        "--no-work",
        action="store_true",
        help=_("with a PostgreSQL database: leave what is asked to `council worker`"),
    )
    worker = add(
        "worker", _worker, _("with a PostgreSQL database: deliberate what `council serve` takes in")
    )
    for command in (serve, worker):
        command.add_argument(
            "--stay",
            action="store_true",
            help=_("where a person has to mend something, wait instead of ending"),
        )
    stats = add("stats", reading.stats, _("which models serve best, and whether the council helps"))
    stats.add_argument("--channel", help=_("of this channel only"))
    stats.add_argument("--json", action="store_true", help=_("every number as JSON"))
    ceiling = add("ceiling", reading.ceiling, _("how much picking the best answer could gain"))
    ceiling.add_argument(
        "file",
        nargs="?",
        type=Path,
        help=_("CSV: a row per question, a column per model, 1/0/empty"),
    )
    ceiling.add_argument("--channel", help=_("from the votes of this channel only"))
    ceiling.add_argument(
        "--counts",
        nargs=3,
        type=int,
        metavar=("ALL_WRONG", "ROWS", "BEST_RIGHT"),
        help=_(
            "from three counts, e.g. of a paper: rows that every model got wrong, all "
            "rows, rows that the best model got right"
        ),
    )
    ceiling.add_argument(
        "--models",
        type=_count,
        help=_(
            "with --counts: how many models the best was picked from on these rows (1: it "
            "was chosen in advance)"
        ),
    )
    ceiling.add_argument("--json", action="store_true", help=_("every number as JSON"))
    reviewers = add("reviewers", reading.reviewers, _("which reviewers order answers as people do"))
    reviewers.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help=_("two: ballots and outcomes, as `council export --csv` writes each"),
    )
    reviewers.add_argument("--channel", help=_("from the votes of this channel only"))
    reviewers.add_argument("--json", action="store_true", help=_("every number as JSON"))
    reflect = add("reflect", _reflect, _("propose better criteria from votes, and try them"))
    reflect.add_argument("--channel", help=_("of this channel; without it, of the terminal's chat"))
    reflect.add_argument("--budget", type=_usd, metavar="USD", help=_("the most that it may cost"))
    reflect.add_argument("--yes", action="store_true", help=_("begin without being asked"))
    reflect.add_argument("--json", action="store_true", help=_("every number as JSON"))
    trial = add("trial", reading.trial, _("whether people prefer verdicts to the best answers"))
    trial.add_argument("--channel", help=_("of this channel only"))
    trial.add_argument("--json", action="store_true", help=_("every number as JSON"))
    costs = add("costs", reading.costs, _("what was spent: told, estimated, assumed"))
    costs.add_argument(
        "--since", type=_moment, help=_("asked since this time (ISO, e.g. 2026-11-01)")
    )
    costs.add_argument("--by", choices=("day", "channel", "model"), default="day")
    costs.add_argument("--json", action="store_true", help=_("every number as JSON"))
    export = add("export", reading.export, _("finished deliberations as JSON lines"))
    export.add_argument("--channel", help=_("of this channel only"))
    export.add_argument(
        "--csv",
        choices=("outcomes", "ballots"),
        help=_("instead: which answers were accepted, or how reviewers ranked them"),
    )
    export.add_argument(
        "--since", type=_moment, help=_("asked since this time (ISO, e.g. 2026-11-01)")
    )
    forget = add("forget", _forget, _("delete what people wrote, everywhere"))
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument("--channel", help=_("every question of this channel, and its settings"))
    what.add_argument("--person", help=_("this person's questions and votes"))
    what.add_argument("--id", type=_id, help=_("this deliberation"))
    what.add_argument(
        "--since",
        type=_moment,
        help=_("what ask and bench asked since this time (ISO, e.g. 2026-11-01)"),
    )
    backup = add("backup", _backup, _("copy the database into a file, beside a running council"))
    backup.add_argument("file", type=Path)
    restore = add("restore", _restore, _("put such a copy in the place of the database"))
    restore.add_argument("file", type=Path)
    migrate = add("migrate", _migrate, _("copy the database from its file to a PostgreSQL server"))
    migrate.add_argument(
        "--to",
        type=_server,
        required=True,
        metavar="postgresql://...",
        help=_(
            "where; a password is better not written here but in PGPASSWORD or ~/.pgpass, since others "
            "on this machine may see the command"
        ),
    )
    watch = add(
        "watch", reading.watch, _("the journal: who was asked, tokens, seconds, cost, failures")
    )
    watch.add_argument("--since", type=_moment, help=_("from this time on (ISO, e.g. 2026-11-01)"))
    watch.add_argument("--follow", action="store_true", help=_("go on as it grows"))
    doctor = add("doctor", _doctor, _("check everything for real"))
    doctor.add_argument(
        "--privacy",
        action="store_true",
        help=_("instead: what is stored, where, how long, and who receives what"),
    )
    return parser, commands.choices


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(_("{text} is no whole number of at least 1", text=text))
    return int(text)


def _id(text: str) -> str:
    from bot.conversation.cases import checked_id

    try:
        return checked_id(text)
    except InvalidInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _usd(text: str) -> float:
    from bot.settings import BUDGET_MAX_USD

    try:
        usd = float(text)
    except ValueError:
        usd = math.nan
    if not 0 <= usd <= BUDGET_MAX_USD:
        raise argparse.ArgumentTypeError(
            _("{text} is no sum in US dollars, such as 2.50", text=text)
        )
    return usd


def _server(text: str) -> "Server":
    from bot.store.server import read_server

    try:
        return read_server(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _(
                "no address of a database: it is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE; "
                "signs such as @, / and % in a password are written as %40, %2F and %25"
            )
        ) from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _("{text} is no time, such as 2026-11-01", text=text)
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _chat(options: argparse.Namespace, config: "Config") -> int:
    import asyncio

    from adapters.terminal.client import Terminal
    from bot.program.compose import open_app

    async with open_app(config, "chat") as app:
        terminal = Terminal(app, history=config.history_file())
        app.platforms["terminal"] = terminal
        try:
            await terminal.run()
        except asyncio.CancelledError:
            if app.running.cases:
                note("\n" + _(STOPPED))
            raise
    return DONE


def _ask(options: argparse.Namespace, config: "Config") -> Coroutine[Any, Any, int]:
    from dataclasses import replace

    from bot.evidence.local import attached
    from bot.program.asked import asked

    files = tuple(map(attached, options.file))
    question = asked(options.words, sys.stdin.buffer, dash=options.dash)
    return _ask_it(replace(question, files=files), options, config)


async def _ask_it(asked: "Asked", options: argparse.Namespace, config: "Config") -> int:
    from bot.pages.exports import as_json
    from bot.program.ask import NotAsked, ask, closing, show_answers, show_notes, show_verdict
    from bot.program.compose import open_app

    async with open_app(config, "ask") as app:
        try:
            show = (lambda _: None) if options.json else show_verdict
            question, deliberation = await ask(
                app, asked, id=options.id, mode=options.mode, show=show
            )
        except NotAsked as refused:
            if options.json:
                tell_json(as_json(refused.deliberation), indent=2)
            raise
    if options.json:
        tell_json(as_json(deliberation), indent=2)
    else:
        show_notes(question, deliberation)
        if options.answers or not deliberation.has_verdict:
            show_answers(deliberation)
    note(closing(deliberation))
    return DONE if deliberation.answered else NO_ANSWER


async def _bench(options: argparse.Namespace, config: "Config") -> int:
    from bot.bench.audit_file import audit_path, read_labels
    from bot.bench.items import read_items
    from bot.bench.page import bench_page, unanswered
    from bot.bench.progress import progress
    from bot.bench.run import Bench
    from bot.pages.sentences import rehearsal
    from bot.program.ask import council_for
    from bot.program.compose import open_app
    from bot.program.consent import agreed

    items, problems = read_items(options.file)
    for problem in problems:
        note(problem)
    if not items or (problems and not options.skip_bad):
        note(_("Nothing was asked. Mend these lines, or leave them out with --skip-bad."))
        return WRONG_USE
    out = options.out or options.file.with_suffix(".out.jsonl")
    # A label that cannot be read is told before money is spent.
    read_labels(audit_path(out))
    async with open_app(config, "bench") as app:
        council = council_for(app, options.mode)
        bench = await Bench.begin(app, council, out, max_cost_usd=options.max_cost)
        left = len(bench.left(items))
        note(bench.state(items))
        for simulated in rehearsal(council.members):
            note(simulated.text)
        if left and not (options.yes or await agreed(bench.outlook(left))):
            note(_("Nothing was asked."))
            return NO_ANSWER
        with progress(sys.stderr) as step:
            await bench.ask(items, concurrency=options.concurrency, tell=note, step=step)
    reading.show(bench_page(bench.lines, audit_path(out)))
    if reasons := bench.reasons(items):
        note(unanswered(reasons, len(items)))
        return NO_ANSWER
    return DONE


async def _reflect(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.reflect import reflect

    return await reflect(options, config)


async def _serve(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.serve import serve
    from bot.program.work import require_shared

    if options.no_work:
        require_shared(config, "serve --no-work")
    return await serve(config, at_once=0 if options.no_work else config.at_once)


async def _worker(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.work import worker

    await worker(config)


async def _forget(options: argparse.Namespace, config: "Config") -> int:
    from bot.store.store import Store
    from bot.texts import TRACES, never_heard

    store = await Store.open(config.database_place(), holder="council forget")
    try:
        if options.channel:
            places = await store.asked_in(None, options.channel)
            in_doubt = await store.posts_in_doubt(places)
            count = await store.forget_channel(None, options.channel)
        elif options.person:
            places = await store.asked_by(options.person)
            in_doubt = await store.posts_in_doubt(places)
            count = await store.forget_person(options.person)
        elif options.since:
            places = await store.asked_by_command(options.since)
            in_doubt = await store.posts_in_doubt(places)
            count = await store.forget_by_command(options.since)
        else:
            places = await store.asked_as(options.id)
            in_doubt = await store.posts_in_doubt(places)
            count = await store.forget_deliberation(options.id)
        erased = await store.erase()
        posts = await store.posts_to_remove()
    finally:
        await store.close()
    if not count and options.id:
        note(_("There is no deliberation {id}.", id=options.id))
        return NO_ANSWER
    if not count and options.since:
        note(_("Nothing was asked by ask or bench since then."))
        return NO_ANSWER
    if any(place.platform == "terminal" for place in places):
        config.history_file().unlink(missing_ok=True)
    if erased:
        tell(n_("Forgotten: {n} deliberation.", "Forgotten: {n} deliberations.", count))
    else:
        tell(n_("Deleted: {n} deliberation.", "Deleted: {n} deliberations.", count))
        tell(_(TRACES))
    if posts:
        removed = n_(
            "{n} post of the bot's is removed once `council serve` runs.",
            "{n} posts of the bot's are removed once `council serve` runs.",
            posts,
        )
        tell(removed)
    if in_doubt:
        tell(never_heard(in_doubt))
    return DONE


async def _backup(options: argparse.Namespace, config: "Config") -> int:
    async with reading.database(config) as store:
        await store.backup(options.file)
    tell(_("Copied to {file}.", file=options.file))
    return DONE


async def _restore(options: argparse.Namespace, config: "Config") -> int:
    from bot.store.server import Server
    from bot.store.store import Store

    path = config.database_place()
    if isinstance(path, Server):
        note(
            _(
                "A database on a server is put back by its own tools: pg_restore --clean --if-exists "
                '--dbname="$COUNCIL_DATABASE" {file}',
                file=options.file,
            )
        )
        return WRONG_USE
    before = f"{path}.before-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
    was_there = await Store.restore(path, options.file, before)
    tell(_("Restored from {file}: {path}.", file=options.file, path=path))
    if was_there:
        tell(
            _(
                "What was there is kept as {before}, and in files beside it whose names begin so. "
                "They hold what people wrote: delete them when they are of no more use.",
                before=before,
            )
        )
    return DONE


async def _migrate(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.migrate import migrate

    return await migrate(options, config)


async def _doctor(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.doctor import doctor, privacy

    return await (privacy(config) if options.privacy else doctor(config))
