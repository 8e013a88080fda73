"""The commands of the program, and the place where its parts are put together.

Imports what a command needs when it runs: `council --help` has to be quick, and a terminal user
needs no Discord library.
"""

import argparse
import asyncio
import io
import logging
import math
import os
import signal
import sys
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bot.errors import BotError, InvalidConfiguration, InvalidInput, StoreFailed
from bot.printing import note, tell, tell_json

if TYPE_CHECKING:
    from bot.analysis.cofailure import Ceiling
    from bot.conversation.app import App
    from bot.conversation.health import Finding
    from bot.council import Deliberation
    from bot.document import Document
    from bot.program.config import Config
    from bot.store.store import Store

logger = logging.getLogger(__name__)

# Exit codes of the contract; 130 is the shell's own for an interrupted program.
DONE, NO_ANSWER, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

KEEP_UP_SECONDS = 60


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    _never_fail_for_a_character()
    options = _parser().parse_args(argv)
    try:
        from bot.program.config import load

        config = load()
        _log(config, logging.INFO if options.run is _serve else logging.WARNING)
        code = asyncio.run(_until_interrupted(options.run(options, config)))
        sys.stdout.flush()
        return code
    except InvalidConfiguration as error:
        problems = "\n".join(f"- {problem}" for problem in error.problems)
        note(f"Council cannot start with this environment:\n{problems}")
        return WRONG_USE
    except (InvalidInput, StoreFailed) as error:
        note(error)
        return WRONG_USE
    except BotError as error:
        note(error)
        return NO_ANSWER
    except KeyboardInterrupt:
        if options.run not in (_stats, _ceiling, _export, _watch, _doctor):
            note("\nStopped. The same command goes on where it was.")
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return DONE  # the reader of a pipe has seen enough
    except OSError as error:
        # Files are opened, and their errors put into words, elsewhere: this is the output.
        _drop_output()
        note(f"The output cannot be written: {error.strerror}.")
        note("What the models gave is in the database.")
        return WRONG_USE


def _never_fail_for_a_character() -> None:
    """What a stream cannot read or write is replaced: half a character, an emoji in Latin-1."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """Keep Python from trying once more, at its exit, to write what could not be written."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="council",
        description="Several models answer, rank each other blindly, and a chairman rules.",
    )
    parser.set_defaults(run=_chat)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, run: Callable[..., Coroutine[Any, Any, int]], help: str) -> Any:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    add("chat", _chat, "a channel in this terminal (the default)")
    ask = add("ask", _ask, "put one question to the council")
    ask.add_argument("question")
    ask.add_argument("--id", help="resume or repeat the deliberation of this id")
    ask.add_argument("--mode", help="the protocol (default: council)")
    ask.add_argument("--json", action="store_true", help="the whole deliberation as JSON")
    bench = add("bench", _bench, "put a file of questions to the council and grade the answers")
    bench.add_argument("file", type=Path, help='lines of {"id","question"[,"reference","grader"]}')
    bench.add_argument("--out", type=Path, help="where the deliberations go (FILE.out.jsonl)")
    bench.add_argument("--concurrency", type=_count, default=4, help="at once (4)")
    bench.add_argument("--max-cost", type=_usd, metavar="USD", help="stop before spending more")
    add("serve", _serve, "run every platform that has a token")
    stats = add("stats", _stats, "which models serve best, and whether the council helps")
    stats.add_argument("--channel", help="of this channel only")
    stats.add_argument("--json", action="store_true", help="every number as JSON")
    ceiling = add("ceiling", _ceiling, "how much picking the best answer could gain")
    ceiling.add_argument(
        "file", nargs="?", type=Path, help="CSV: a row per question, a column per model, 1/0/empty"
    )
    ceiling.add_argument("--channel", help="from the votes of this channel only")
    ceiling.add_argument(
        "--counts",
        nargs=3,
        type=int,
        metavar=("ALL_WRONG", "ROWS", "BEST_RIGHT"),
        help="from three counts, e.g. of a paper: rows that every model got wrong, all rows, rows "
        "that the best model got right",
    )
    ceiling.add_argument(
        "--models",
        type=_count,
        help="with --counts: how many models the best was picked from on these rows (1: it was "
        "chosen in advance)",
    )
    ceiling.add_argument("--json", action="store_true", help="every number as JSON")
    export = add("export", _export, "finished deliberations as JSON lines")
    export.add_argument("--channel", help="of this channel only")
    export.add_argument(
        "--csv",
        choices=("outcomes", "ballots"),
        help="instead: which answers were accepted, or how reviewers ranked them",
    )
    export.add_argument(
        "--since", type=_moment, help="asked since this time (ISO, e.g. 2026-11-01)"
    )
    forget = add("forget", _forget, "delete what people wrote, everywhere")
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument("--channel", help="every question of this channel, and its settings")
    what.add_argument("--person", help="this person's questions and votes")
    what.add_argument("--id", help="this deliberation")
    backup = add("backup", _backup, "copy the database into a file, beside a running council")
    backup.add_argument("file", type=Path)
    watch = add("watch", _watch, "the journal: who was asked, tokens, seconds, cost, failures")
    watch.add_argument("--follow", action="store_true", help="go on as it grows")
    add("doctor", _doctor, "check everything for real")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)


def _usd(text: str) -> float:
    try:
        usd = float(text)
    except ValueError:
        usd = math.nan
    if not 0 <= usd < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no sum in US dollars, such as 2.50")
    return usd


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no time, such as 2026-11-01") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _until_interrupted(command: Awaitable[int]) -> int:
    """SIGTERM ends a command as Ctrl-C does: in order, and resumable."""
    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await command
    except asyncio.CancelledError:
        if terminated:
            raise KeyboardInterrupt from None
        raise


def _log(config: "Config", level: int) -> None:
    from bot.program.logs import configure

    configure(level, json=config.log == "json")
    for warning in config.warnings:
        logger.warning("%s", warning)


async def _chat(options: argparse.Namespace, config: "Config") -> int:
    from adapters.terminal.client import Terminal
    from bot.program.compose import open_app

    async with open_app(config, "chat") as app:
        terminal = Terminal(app)
        app.platforms["terminal"] = terminal
        await terminal.run()
    return DONE


async def _ask(options: argparse.Namespace, config: "Config") -> int:
    from bot.pages.exports import as_json
    from bot.program.ask import ask
    from bot.program.compose import open_app

    async with open_app(config, "ask") as app:
        deliberation = await ask(app, options.question, id=options.id, mode=options.mode)
    if options.json:
        tell_json(as_json(deliberation), indent=2)
    else:
        tell(deliberation.verdict.text)
        for line in notes(deliberation):
            note(line)
    return DONE if deliberation.answered else NO_ANSWER


async def _bench(options: argparse.Namespace, config: "Config") -> int:
    from adapters.terminal.progress import progress
    from bot.bench.audit_file import audit_path, read_labels
    from bot.bench.page import bench_page
    from bot.bench.run import Bench, read_items
    from bot.program.compose import open_app

    items, problems = read_items(options.file)
    for problem in problems:
        note(problem)
    out = options.out or options.file.with_suffix(".out.jsonl")
    # A label that cannot be read is told before money is spent.
    read_labels(audit_path(out))
    async with open_app(config, "bench") as app:
        bench = await Bench.begin(app, out, max_cost_usd=options.max_cost)
        with progress(sys.stderr) as step:
            await bench.ask(items, concurrency=options.concurrency, tell=note, step=step)
    _show(bench_page(bench.lines, audit_path(out)))
    return DONE


async def _serve(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.compose import open_app

    adapters = _adapters(config)
    if not adapters:
        raise InvalidConfiguration(
            ["No platform has a token: set DISCORD_TOKEN or SLACK_BOT_TOKEN."]
        )
    async with open_app(config, "serve") as app:
        loops = [asyncio.create_task(each) for each in beside(app, config.time_scale)]
        try:
            await _serve_all([asyncio.create_task(run(app)) for run in adapters])
        finally:
            for task in loops:
                task.cancel()
            await asyncio.wait(loops)
    return DONE


async def _serve_all(adapters: "Sequence[asyncio.Task[None]]") -> None:
    """Until the last platform fails: one that does takes no other down. Raises its error."""
    going: set[asyncio.Task[None]] = set(adapters)
    try:
        while True:
            ended, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for adapter in ended:
                if not going:
                    adapter.result()
                error = adapter.exception()
                trace = None if isinstance(error, BotError) else error
                logger.error("A platform failed; the others go on. %s", error, exc_info=trace)
            if not going:
                return
    finally:
        for adapter in going:
            adapter.cancel()
        if going:
            await asyncio.wait(going)


def beside(app: "App", time_scale: float) -> "Iterator[Coroutine[Any, Any, NoReturn]]":
    """What is done every minute while the program serves for weeks."""
    from bot.conversation.loops import forever

    turns = (
        # Models come, go and change their prices.
        ("the list of models is not refreshed", app.catalogue.load),
        ("unfinished questions are not looked for", app.sweep),
        ("the statistics are not kept up", partial(_keep_up, app)),
    )
    for what, turn in turns:
        yield forever(what, turn, pause_seconds=KEEP_UP_SECONDS * time_scale)


async def _keep_up(app: "App") -> None:
    """Whoever asks for statistics should not wait for what could be loaded and read before."""
    from bot.pages import picture as plots

    await asyncio.to_thread(plots.load)
    await app.statistics().keep_up()


def _adapters(config: "Config") -> "list[Callable[[App], Coroutine[Any, Any, None]]]":
    """Every platform that has a token, as something that runs until it is cancelled."""
    adapters: list[Callable[[App], Coroutine[Any, Any, None]]] = []
    if config.discord_token:
        from adapters.discord.supervisor import run as run_discord

        token = config.discord_token.get_secret_value()
        adapters.append(lambda app: run_discord(app, token, time_scale=config.time_scale))
    if config.slack_bot_token:
        adapters.append(_slack(config))
    return adapters


def _slack(config: "Config") -> "Callable[[App], Coroutine[Any, Any, None]]":
    """Over a socket where there is a token for it, which needs no address of ours."""
    from adapters.slack.supervisor import run

    bot, app, secret = config.slack_bot_token, config.slack_app_token, config.slack_signing_secret
    assert bot
    return partial(
        run,
        bot_token=bot.get_secret_value(),
        app_token=app.get_secret_value() if app else None,
        signing_secret=secret.get_secret_value() if secret else "",
        port=config.http_port,
        api_url=config.slack_api_url,
        time_scale=config.time_scale,
    )


async def _stats(options: argparse.Namespace, config: "Config") -> int:
    from bot.analysis.report import as_json
    from bot.conversation.statistics import Statistics
    from bot.pages.statistics import details_page, stats_page

    async with _reading(config) as store:
        report = await Statistics(store).report(channel=options.channel)
    if options.json:
        tell_json(as_json(report), indent=2)
    else:
        _show(stats_page(report))
        if report.rated.rows:
            _show(details_page(report))
    return DONE


async def _ceiling(options: argparse.Namespace, config: "Config") -> int:
    from bot.analysis.certificate import as_json
    from bot.document import Document
    from bot.pages.statistics import audit_page, ceiling_page, curve, diagnostics, rules

    ceiling, period, questions = await _ceiling_of(options, config)
    if options.json:
        tell_json(as_json(ceiling), indent=2)
        return DONE
    _show(ceiling_page(ceiling, period))
    if ceiling.source == "counts":
        _show(Document((rules(ceiling),)))
        return DONE
    _show(Document((diagnostics(ceiling),)))
    if ceiling.by_pool_size:
        _show(Document((curve(ceiling),)))
    if ceiling.source == "grades" and ceiling.audit:
        _show(audit_page(ceiling, questions))
    return DONE


async def _ceiling_of(
    options: argparse.Namespace, config: "Config"
) -> "tuple[Ceiling, str, Mapping[str, str]]":
    """Of what was named: the ceiling, its period, and the questions' texts by row."""
    from bot.analysis.cofailure import ceiling_of_counts, ceiling_of_grades

    if sum(map(bool, (options.file, options.channel, options.counts))) > 1:
        raise InvalidInput(
            "Name a FILE or a --channel or --counts: the ceiling is told of one of them."
        )
    if options.models and not options.counts:
        raise InvalidInput("--models goes with --counts: elsewhere the models are counted.")
    if options.counts:
        return ceiling_of_counts(*options.counts, models=options.models or 1), "", {}
    if options.file:
        from bot.analysis.outcomes import read_outcomes

        outcomes = read_outcomes(options.file)
        return ceiling_of_grades(outcomes), "", outcomes.questions
    from bot.conversation.statistics import Statistics

    async with _reading(config) as store:
        return *await Statistics(store).ceiling(channel=options.channel), {}


def _show(document: "Document") -> None:
    """With colours on a terminal, as text into a pipe."""
    from rich.console import Console

    from adapters.terminal import render

    if sys.stdout.isatty():
        Console(highlight=False, emoji=False).print(render.render(document, opened=True))
    else:
        tell(render.plain(document, opened=True, width=100))
    tell("")


@asynccontextmanager
async def _reading(config: "Config") -> "AsyncIterator[Store]":
    """The database, read beside whoever writes to it."""
    from bot.store.store import Store

    store = await Store.open(config.database_file(), read_only=True)
    try:
        yield store
    finally:
        await store.close()


async def _export(options: argparse.Namespace, config: "Config") -> int:
    from bot.pages.exports import export

    async with _reading(config) as store:
        if options.csv:
            await _export_csv(options, store)
            return DONE
        async for case in store.cases(channel=options.channel, since=options.since):
            tell_json(await export(store, case))
    return DONE


async def _export_csv(options: argparse.Namespace, store: "Store") -> None:
    from bot.conversation.statistics import Statistics
    from bot.pages.csv_tables import write_ballots, write_outcomes

    if options.csv == "outcomes":
        rows = await Statistics(store).rows(channel=options.channel)
        since = options.since
        write_outcomes([row for row in rows if not since or row.asked_at >= since], sys.stdout)
    else:
        cases = store.cases(channel=options.channel, since=options.since)
        await write_ballots(cases, sys.stdout)


async def _forget(options: argparse.Namespace, config: "Config") -> int:
    from bot.store.store import Store
    from bot.texts import TRACES

    store = await Store.open(config.database_file(), holder="council forget")
    try:
        if options.channel:
            count = await store.forget_channel(None, options.channel)
        elif options.person:
            count = await store.forget_person(options.person)
        else:
            count = await store.forget_deliberation(options.id)
        erased = await store.erase()
    finally:
        await store.close()
    done = "Forgotten" if erased else "Deleted"
    tell(f"{done}: {count} {'deliberation' if count == 1 else 'deliberations'}.")
    if not erased:
        tell(TRACES)
    return DONE


async def _backup(options: argparse.Namespace, config: "Config") -> int:
    async with _reading(config) as store:
        await store.backup(options.file)
    tell(f"Copied to {options.file}.")
    return DONE


async def _watch(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.watch import watch

    async with _reading(config) as store:
        await watch(store, follow=options.follow, tell=tell)
    return DONE


async def _doctor(options: argparse.Namespace, config: "Config") -> int:
    from bot.program.compose import put_together
    from bot.program.doctor import examine, examine_database
    from bot.store.store import Store

    healthy = True
    database = examine_database(config.database_file(), datetime.now(UTC).date())
    # What is tried goes into no database, which another process may be writing to.
    async with put_together(config, await Store.open(":memory:"), "doctor") as app:
        for findings in (database, examine(app), *_platform_checks(config)):
            async for finding in findings:
                tell(finding)
                healthy = healthy and finding.ok is not False
    return DONE if healthy else NO_ANSWER


def _platform_checks(config: "Config") -> "Iterator[AsyncIterator[Finding]]":
    if config.discord_token:
        from adapters.discord.checks import examine

        token = config.discord_token.get_secret_value()
        yield examine(token, is_listed=bool(config.allowed), time_scale=config.time_scale)
    if config.slack_bot_token:
        from adapters.slack.checks import examine as examine_slack

        app_token = config.slack_app_token
        yield examine_slack(
            config.slack_bot_token.get_secret_value(),
            app_token.get_secret_value() if app_token else None,
            api_url=config.slack_api_url,
            time_scale=config.time_scale,
        )


def notes(deliberation: "Deliberation") -> list[str]:
    """What belongs under a verdict: how sure, what is missing, who disagrees. Nobody votes here."""
    from bot.document import Note
    from bot.pages.presenter import verdict
    from bot.texts import VERDICT_LEGEND

    blocks = verdict(deliberation).blocks
    lines = [block.text for block in blocks if isinstance(block, Note)]
    return [line for line in lines if line and line != VERDICT_LEGEND]
