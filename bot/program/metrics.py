"""What `/metrics` tells, in Prometheus' words, since this process started.

What questions did is folded from the journal's lines when somebody asks, so nothing else counts it,
and nothing waits for it. Labels come from lists known beforehand: no ids, and no model but those
that the deployment seats.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from bot.chat import KnowsConnected
from bot.conversation.app import App
from bot.records import JournalLine

OTHER = "other"
# In seconds: from a quick answer to a chairman that thinks for minutes.
_BUCKETS = (1, 2, 5, 10, 20, 40, 80, 160, 320)


class Metrics:
    def __init__(self, app: App, cursor: int) -> None:
        """`cursor` is the journal's end when the process started."""
        self._app, self._cursor = app, cursor
        self._models = {*app.defaults.members, app.defaults.chairman}
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"council_{name}", told, labels, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"council_{name}", told, labels, registry=registry)

        self._ended = counter("deliberations", "Deliberations that ended.", "outcome")
        self._calls = counter("calls", "Calls with a final row.", "stage", "model", "outcome")
        self._failures = counter("failed_requests", "Requests that failed.", "model", "kind")
        self._tokens = counter("tokens", "Tokens of calls as reported.", "model")
        self._cost = counter("cost_usd", "US dollars of calls where known.", "model")
        self._seconds = Histogram(
            "council_call_seconds",
            "From a call's start to its final row.",
            ("stage",),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._under_way = gauge("deliberations_under_way", "Deliberations under way.")
        self._reflecting = gauge("reflections_under_way", "Reflections on criteria under way.")
        self._connected = gauge("platform_connected", "1 where events come in.", "platform")
        self._spent = gauge("spent_today_usd", "US dollars counted against today's budget (UTC).")
        self._budget = gauge("daily_budget_usd", "US dollars a day; +Inf where unlimited.")
        self._bytes = gauge("database_bytes", "Size of the database with its log.")

    async def page(self) -> bytes:
        lines, self._cursor = await self._app.store.journal_since(self._cursor)
        while lines:
            for line in lines:
                self._count(line)
            lines, self._cursor = await self._app.store.journal_since(self._cursor)
        await self._measure()
        return generate_latest(self._registry)

    def _count(self, line: JournalLine) -> None:
        model = line.model if line.model in self._models else OTHER
        match line.what:
            case "finished" | "stopped":
                self._ended.labels(line.what).inc()
            case "attempt_finished" if line.kind:
                self._failures.labels(model, line.kind).inc()
            case "call_finished":
                self._calls.labels(line.stage, model, line.kind or "answered").inc()
                self._seconds.labels(line.stage).observe(line.seconds or 0)
                self._tokens.labels(model).inc(line.tokens or 0)
                self._cost.labels(model).inc((line.cost_micros or 0) / 1e6)

    async def _measure(self) -> None:
        app = self._app
        served, taken = len(app.running.cases), app.working.under_way if app.working else 0
        # What is deliberated in the process that serves it is counted once.
        self._under_way.set(max(served, taken))
        self._reflecting.set(len(app.reflections.under_way))
        for name, platform in app.platforms.items():
            if isinstance(platform, KnowsConnected):
                self._connected.labels(name).set(platform.connected)
        self._spent.set(await app.store.spent(app.now().date()) / 1e6)
        limit = app.rules.daily_budget_micros
        self._budget.set(float("inf") if limit is None else limit / 1e6)
        self._bytes.set(await app.store.size_bytes())
