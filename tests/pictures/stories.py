"""The states that somebody looks at: how each comes about, on either platform."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.chat import RANKING, Person, answer_key
from bot.language import ENGLISH, spoken
from bot.llm import Source
from bot.pages.live import people_in
from tests.fakes.council_on_discord import Place as DiscordPlace
from tests.fakes.council_on_slack import Place as SlackPlace
from tests.fakes.discord_server import running_discord
from tests.fakes.pictures import picture
from tests.fakes.slack_server import running_slack
from tests.pictures.on_discord import OnDiscord
from tests.pictures.on_slack import OnSlack
from tests.pictures.past import (
    remember,
    remember_askers,
    remember_audition,
    remember_little,
    remember_reflection,
    remember_teaching,
)
from tests.pictures.scenes import Platform, Scene
from tests.pictures.script import CHAIRMAN, MEMBERS, ON_AUDITION, Models, Script, models
from tests.pictures.stage import Stage

ANSWER_OF_A_PERSON = (
    "Branches by environment. We tried flags for a year: nobody removed them, and tests of every "
    "combination took longer than the releases that they were to make safe."
)

# Slow enough that posts wait for each other on a busy machine, too.
TIME_SCALE = 0.1

Story = Callable[[Platform], AsyncIterator[Scene]]


async def live(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    async with models(script, held=[("answer", 2)]) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.answered(3)
        yield here.thread("live")
        council.held["answer", 2].set()
        await here.finished()


async def done(platform: Platform) -> AsyncIterator[Scene]:
    """Finished, an answer and the ranking opened, a follow-up."""
    script, further = Script.read("flags"), Script.read("cleanup")
    async with models(script, further) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("done")
        yield await here.opened("answer", answer_key("A"))
        yield await here.opened("ranking", RANKING)
        yield await here.opened("details", RANKING, 1)
        yield await here.press("names-first", "reveal$")
        yield await here.press("names", "names$")
        await here.ask(further.question, in_thread=True)
        await here.finished()
        yield here.thread("follow-up")


async def debate(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags").debated("B", "C")
    held = [("revision", 3)]
    async with models(script, held=held) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.revised(3)
        yield here.thread("debate-live")
        council.held["revision", 3].set()
        await here.finished()
        yield here.thread("debate")
        yield await here.opened("debate-ranking", RANKING)


async def compare(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags").compared()
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("compare")
        yield await here.opened("compare-ranking", RANKING)


async def vote(platform: Platform) -> AsyncIterator[Scene]:
    """What most say, and a tie that the chairman breaks."""
    script = Script.closed("vote", 215, 205, 215, 215)
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("vote")
        yield await here.opened("vote-ranking", RANKING)


async def tie(platform: Platform) -> AsyncIterator[Scene]:
    verdict = "**It takes 215 minutes.** The rest is 35 minutes, not 25.\n\nFinal answer: 215"
    script = Script.closed("vote", 215, 205, 205, 215, verdict=verdict)
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("vote-tie")


async def quick(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.closed("quick", 215, 215, 215, 215)
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("quick")


async def deep(platform: Platform) -> AsyncIterator[Scene]:
    """Ended by its asker while one member still thinks."""
    script = Script.read("flags").debated("B", "C", mode="deep")
    held = [("revision", 3)]
    async with models(script, held=held) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.revised(3)
        await here.offered("enough")
        yield here.thread("deep-live")
        await here.click("enough")
        await here.finished()
        yield here.thread("deep-enough")


async def asked_on(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield await here.press("follow-form", "follow")


async def people(platform: Platform) -> AsyncIterator[Scene]:
    """A question that waits for people, one of whom answers."""
    script = Script.read("flags")
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(f"/wait 10m {script.question}")
        await here.begun()
        await here.offered("answer")
        yield await here.press("people-form", "answer")
        [case] = here.app.running.cases
        await here.app.people.submit(case, Person("U9"), ANSWER_OF_A_PERSON)
        await here.tells(people_in(1))
        yield here.thread("people-wait")
        await here.click("begin")
        await here.finished()
        yield here.thread("people")
        yield await here.press("people-names-first", "reveal$")
        yield await here.press("people-names", "names$")


async def degraded(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    fails = {MEMBERS[2]: "no_credit"}
    async with models(script, fails=fails) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("degraded")


async def failed(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    kinds = ("no_credit", "unauthorised", "moderated", "unknown_model")
    fails = dict(zip(MEMBERS, kinds, strict=True))
    async with models(script, fails=fails) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("failed")


async def stopped(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    held = [("answer", 1), ("answer", 3)]
    async with models(script, held=held) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.answered(2)
        await here.click("stop")
        await here.finished()
        yield here.thread("stopped")


async def redone(platform: Platform) -> AsyncIterator[Scene]:
    """The verdict of one question, written as another says."""
    script, further = Script.read("flags"), Script.read("cleanup")
    async with models(script, further) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        await here.ask("redo: say only how to get rid of old flags", in_thread=True)
        await here.finished()
        yield here.thread("redone")


async def files(platform: Platform) -> AsyncIterator[Scene]:
    """A question with files, one of which cannot be read and one not whole."""
    script = Script.read("flags")
    along = {
        "rollout.csv": b"flag,since,owner\nnew_cart,2024-02,ana\n",
        "incidents.md": b"The old flag was still on.\n" * 5_000,
        "dashboard.png": b"\x89PNG",
    }
    async with models(script) as council, stage(platform, council) as here:
        await here.ask(script.question, files=along)
        await here.finished()
        yield here.thread("files")


async def image(platform: Platform) -> AsyncIterator[Scene]:
    """A question with images, one of them torn, to a council of which not all members see any."""
    along = {"dashboard.png": picture(), "incident.jpg": picture("JPEG")[:200]}
    script = Script.read("flags")
    async with (
        models(script, seeing=(*MEMBERS[:3], CHAIRMAN)) as council,
        stage(platform, council) as here,
    ):
        await here.ask(script.question, files=along)
        await here.finished()
        yield here.thread("image")


async def web(platform: Platform) -> AsyncIterator[Scene]:
    """What searches of the web brought up, more than is shown."""
    addresses = (
        "https://en.example/wiki/Feature_toggle",
        "https://engineering.example/2026/11/how-we-retired-four-hundred-flags-in-one-quarter?page=2",
        "https://a.example/@everyone/%3C!channel%3E",
        "https://docs.example/flags/kill_switch_and_*roll_out*",
        *(f"https://news.example/{n}" for n in range(4)),
    )
    script, found = Script.read("flags"), [Source(address, 200) for address in addresses]
    async with models(script, found=found) as council, stage(platform, council) as here:
        await here.ask(script.question)
        await here.finished()
        yield here.thread("web")


def asked(name: str, script: Script) -> Story:
    """One question, answered."""

    async def story(platform: Platform) -> AsyncIterator[Scene]:
        async with models(script) as council, stage(platform, council) as here:
            await here.ask(script.question)
            await here.finished()
            yield here.thread(name)

    return story


async def settings(platform: Platform) -> AsyncIterator[Scene]:
    async with models() as council, stage(platform, council) as here:
        yield await here.command("settings", "show")
        yield await here.command("help", "help")
        # What is longer than a line is filled in on Discord, all that is asked often on Slack.
        yield await here.command("form", "criteria" if platform == "discord" else "")


async def statistics(platform: Platform) -> AsyncIterator[Scene]:
    async with models() as council, stage(platform, council, past=remember) as here:
        yield await here.command("statistics", "stats")


async def reviewers(platform: Platform) -> AsyncIterator[Scene]:
    """Weights that are worth turning on: told, turned on, and of no interest."""
    async with (
        models() as council,
        stage(platform, council, past=remember_teaching) as here,
    ):
        yield await here.command("reviewers", "stats reviewers")
        await here.command("on", "set weights on")
        yield await here.command("reviewers-on", "stats reviewers")
        await here.command("off", "set weights off")
        yield await here.command("reviewers-off", "stats reviewers")


async def few_pairs(platform: Platform) -> AsyncIterator[Scene]:
    """Too few answers that votes told apart."""
    async with (
        models() as council,
        stage(platform, council, past=remember_little) as here,
    ):
        yield await here.command("reviewers-few", "stats reviewers")
        yield await here.command("weights-few", "set weights on")
        yield await here.command("settings-few", "show")
        yield await here.command("settings-all-few", "show all")


async def audition(platform: Platform) -> AsyncIterator[Scene]:
    """A model that was rated often enough: the next question ends its audition."""
    script = Script.read("flags")
    async with (
        models(script, besides=[ON_AUDITION]) as council,
        stage(platform, council, past=remember_audition) as here,
    ):
        yield await here.command("audition-begun", f"audition {ON_AUDITION}")
        yield await here.command("audition-council", "show")
        yield await here.command("audition-under-way", "audition")
        await here.ask(script.question)
        await here.finished()
        yield here.thread("audition-over")
        yield await here.press("audition", "audition$")


async def reflection(platform: Platform) -> AsyncIterator[Scene]:
    """What it would do."""
    async with (
        models() as council,
        stage(platform, council, past=remember_askers) as here,
    ):
        yield await here.command("reflection", "reflect")


async def reflected(platform: Platform) -> AsyncIterator[Scene]:
    """What came of it."""
    async with (
        models() as council,
        stage(platform, council, past=remember_reflection) as here,
    ):
        yield await here.command("reflected", "reflect")


async def trial(platform: Platform) -> AsyncIterator[Scene]:
    """Somebody who has voted compares two texts, and hears which was which."""
    script = Script.read("flags")
    async with models(script) as council, stage(platform, council, past=remember) as here:
        yield await here.command("trial-begun", "trial on")
        await here.ask(script.question)
        await here.finished()
        yield here.thread("trial")
        yield await here.press("trial-vote-first", "compare$")
        await here.voted("verdict", "accept")
        yield await here.press("trial-compare", "compare$")
        yield await here.press("trial-chosen", "compare:first$")
        yield await here.command("trial-under-way", "trial")


async def refusal(platform: Platform) -> AsyncIterator[Scene]:
    script = Script.read("flags")
    async with models(script) as council, stage(platform, council) as here:
        await here.command("paused", "pause")
        yield await here.refused("refusal", script.question)


async def dear(platform: Platform) -> AsyncIterator[Scene]:
    """A question that will cost far more than those before it."""
    script = Script.read("flags")
    async with models(script) as council, stage(platform, council) as here:
        for _ in range(5):
            await here.ask(script.question)
            await here.finished()
        yield await here.refused("dear", f"/deep {script.question}")


# By the scenes that they tell.
STORIES: Mapping[str, Story] = {
    "live": live,
    "done": done,
    "answer": done,
    "ranking": done,
    "details": done,
    "names-first": done,
    "names": done,
    "follow-form": asked_on,
    "follow-up": done,
    "deep-live": deep,
    "deep-enough": deep,
    "debate-live": debate,
    "debate": debate,
    "debate-ranking": debate,
    "compare": compare,
    "compare-ranking": compare,
    "vote": vote,
    "vote-ranking": vote,
    "vote-tie": tie,
    "quick": quick,
    "people-form": people,
    "people-wait": people,
    "people": people,
    "people-names": people,
    "degraded": degraded,
    "failed": failed,
    "stopped": stopped,
    "redone": redone,
    "files": files,
    "image": image,
    "web": web,
    "long": asked("long", Script.read("flags").lengthened(20_000)),
    "code": asked("code", Script.read("code")),
    "korean": asked("korean", Script.read("korean")),
    "statistics": statistics,
    "reviewers": reviewers,
    "reviewers-on": reviewers,
    "reviewers-off": reviewers,
    "reviewers-few": few_pairs,
    "weights-few": few_pairs,
    "settings-few": few_pairs,
    "settings-all-few": few_pairs,
    "settings": settings,
    "help": settings,
    "form": settings,
    "audition-begun": audition,
    "audition-council": audition,
    "audition-under-way": audition,
    "audition-over": audition,
    "audition": audition,
    "reflection": reflection,
    "reflected": reflected,
    "trial-begun": trial,
    "trial": trial,
    "trial-vote-first": trial,
    "trial-compare": trial,
    "trial-chosen": trial,
    "trial-under-way": trial,
    "refusal": refusal,
    "dear": dear,
}

PLATFORMS: tuple[Platform, ...] = ("discord", "slack")


async def scenes(names: Collection[str], platforms: Sequence[Platform] = PLATFORMS) -> list[Scene]:
    """Those of these names, on each of the platforms."""
    stories = dict.fromkeys(STORIES[name] for name in names)
    told = [scene for platform in platforms for story in stories async for scene in story(platform)]
    return [scene for scene in told if scene.name in names]


def _locale() -> str:
    """Of whoever looks: what is spoken where the pictures are drawn."""
    return {ENGLISH: "en-US"}.get(spoken(), spoken())


@asynccontextmanager
async def stage(
    platform: Platform,
    council: Models,
    *,
    past: Callable[[Path, Platform, str], Awaitable[None]] | None = None,
) -> AsyncIterator[Stage]:
    """The bot online; with `past`, in a channel that has one, which it writes into a database."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        database = str(Path(folder) / "council.db") if past else ":memory:"
        here: OnDiscord | OnSlack
        if platform == "discord":
            discord = await stack.enter_async_context(running_discord(time_scale=TIME_SCALE))
            here = OnDiscord(DiscordPlace(discord, database=database, time_scale=TIME_SCALE))
            here.place.guild.locale = _locale()
        else:
            slack = running_slack(time_scale=TIME_SCALE, deadline_scale=1)
            here = OnSlack(
                SlackPlace(
                    await stack.enter_async_context(slack), database=database, time_scale=TIME_SCALE
                )
            )
        here.place.ada.locale = _locale()
        if past:
            await past(Path(database), platform, here.place_id)
        yield await stack.enter_async_context(here.open(council))
