"""What is stored, where, how long, and who receives what: one page, for the documentation as for the
one who runs this.

`docs/privacy.md` is this page of any council (`python -m tests.privacy` writes it), `council doctor
--privacy` that of the council at hand. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.language import _


@dataclass(frozen=True, slots=True)
class Facts:
    """What differs between councils, as words of the page: what everything is kept in, how long texts
    are kept, the servers that the models are at, what is asked of OpenRouter, and the platforms."""

    kept_in: str
    texts_kept: str
    servers: str
    routing: str
    platforms: str


def in_file(database: str) -> str:
    return _(
        "Everything is in {database}, and in the backups you make of it: each readable by its "
        "owner only (mode 0600).",
        database=database,
    )


def on_server(database: str) -> str:
    return _(
        "Everything is in {database}, readable by whoever its server lets in, and in the backups made of "
        "it. What is forgotten or erased is deleted there at once, and tables up to 256 MB are written "
        "anew; the server's own log, its standbys and its backups hold it until they overwrite it.",
        database=database,
    )


def of_any_council() -> Facts:
    return Facts(
        kept_in=in_file(_("the file that `COUNCIL_DATABASE` names"))
        + " "
        + _("Where it names a database on a server instead:")
        + " "
        + on_server(_("that database")),
        texts_kept=_(
            "erased after `COUNCIL_RETENTION_DAYS` (30; a database that is older than this setting "
            "keeps them until somebody says otherwise)"
        ),
        servers=_("OpenRouter, or the servers in `COUNCIL_MODEL_URL` and `COUNCIL_ENDPOINTS`"),
        routing=_(
            "Towards OpenRouter every request carries `data_collection: deny`, so that providers "
            "which store prompts or train on them are not used, unless `COUNCIL_DATA_COLLECTION=allow` "
            "says otherwise; with `COUNCIL_ZDR=on` only providers with zero data retention are asked."
        ),
        platforms=_("Discord or Slack"),
    )


def page(facts: Facts) -> str:
    """As Markdown."""
    forgotten = _("until it is forgotten")
    stored = _table(
        (_("what is stored"), _("how long")),
        [
            (
                _(
                    "questions and the messages quoted with them, the texts of files attached and of "
                    "pages linked to, images as models got them, answers, reviews, verdicts and what was "
                    "found about them, summaries and titles of threads; with `redact on`, what the "
                    "placeholders stand for"
                ),
                facts.texts_kept,
            ),
            (
                _("questions that wait for *Go*, since they cost far more than usual"),
                _("until they are asked or cancelled, at most two hours"),
            ),
            (_("requests to models, to repeat one after a crash"), _("until it is answered")),
            (
                _(
                    "where several processes share a database, what they tell each other of a question: "
                    "which of them is at it, what models have written so far, who wants it stopped"
                ),
                _("until its end is shown"),
            ),
            (
                _("with `context thread`, what people last said in a thread, without their names"),
                _("until the question there is answered; if it was stopped, as long as texts"),
            ),
            (
                _(
                    "who asked, went on with and stopped it (the platform's ids), where and when; ids of "
                    "the bot's posts"
                ),
                forgotten,
            ),
            (_("votes: who, on what, when; who had the names shown"), forgotten),
            (
                _("in a trial, which of two texts a person chose about a question, and when"),
                forgotten,
            ),
            (_("who added an answer of their own to a question"), forgotten),
            (_("tokens, seconds, costs, how reviewers ranked, how long answers were"), forgotten),
            (
                _("keyed hashes of a question's words, to recognise it when it is repeated"),
                forgotten,
            ),
            (_("keyed hashes of the platform's events, to ask nothing twice"), _("30 days")),
            (
                _("a channel's settings, and who changed them"),
                _("until the channel is forgotten; whoever is forgotten is no longer named"),
            ),
            (
                _("what came of auditions: numbers by model, nobody's votes"),
                _("until the channel is forgotten"),
            ),
            (
                _("the criteria that a reflection proposed, why, and how well they did in numbers"),
                _("until the channel is forgotten"),
            ),
            (
                _("which questions criteria were proposed from, or are being tried on"),
                forgotten,
            ),
            (
                _("what came of trials: numbers alone, nobody's choices"),
                _("until the channel is forgotten"),
            ),
            (
                _("sums of money by day, channel, person and model"),
                _("for ever; those of a person no longer than two days, forgotten or not"),
            ),
            (
                _("what was typed in a terminal's chats, in a file beside the database"),
                _("no longer than texts, and until it is forgotten there"),
            ),
        ],
    )
    receives = _table(
        (_("who"), _("receives")),
        [
            (
                _(
                    "the providers of the members and the chairman: {servers}",
                    servers=facts.servers,
                ),
                _(
                    "the question, what was quoted with it, the files and pages that came along, images "
                    "where they can see them, the thread's earlier questions and verdicts, which one of "
                    "them may sum up for the others, and with `context thread` the last 20 messages of "
                    "people there, without their names; reviewers, the chairman and whoever checks the "
                    "verdict also the others' answers, those of people among them, without names"
                ),
            ),
            (
                _("the same, once an administrator begins a reflection on the criteria"),
                _(
                    "rated questions of the channel with their answers and reviews, and, to the chairman's, "
                    "which answers people preferred; without names"
                ),
            ),
            (
                _("with `links on`, the servers of the pages that a question links to"),
                _("a request for the page from where the bot runs; nothing of the question"),
            ),
            (
                _("with `web on`, the search engine that OpenRouter asks (Exa)"),
                _("what members look for, in their words; it keeps that by terms of its own"),
            ),
            (facts.platforms, _("what is posted")),
            (
                _("nobody else"),
                _("there is no telemetry, and ids of people are never sent to a provider"),
            ),
        ],
    )
    return "\n\n".join(
        [
            "# " + _("What is stored, and who receives what"),
            facts.kept_in,
            stored,
            receives,
            *filter(None, [facts.routing]),
            _(
                "`/council set redact on` hides personal data of a channel from models: e-mail "
                "addresses, phone numbers (written with + or a leading 0, or as in North America), card "
                "numbers, IBANs and keys of well-known services are replaced by placeholders before "
                "anything is sent, and put back in posts of that channel alone. Exports, "
                "transcripts and logs have the placeholders. Names, and what is personal in other "
                "words, it does not find."
            ),
            "## " + _("Forgotten sooner"),
            _forgetting(),
            _(
                "Follow-ups that build on a forgotten question go with it, because their texts may "
                "repeat it, and so does what others quoted of it. What is forgotten or erased is "
                "overwritten in the database's files, too. The bot's own posts and files are removed "
                "from Discord and Slack as fast as these let it; what people wrote there themselves, "
                "they delete themselves. Backups keep what they held, files of `export` and `bench` "
                "what was written into them, and providers what their terms say."
            ),
            "## " + _("Logs"),
            _("Ids and numbers; what people and models wrote only at DEBUG, secrets never."),
        ]
    )


def _forgetting() -> str:
    return "\n".join(
        f"- {line}"
        for line in (
            _(
                "`/council forget me`: one's own questions, votes and answers, everywhere; for anybody."
            ),
            _(
                "`/council forget thread LINK`: a thread, for whoever began it and for administrators; "
                "LINK is the link to a message of it."
            ),
            _(
                "`/council forget channel`: everything asked in a channel, and its settings; for "
                "administrators."
            ),
            _(
                "`council forget --person P | --channel C | --id ID | --since T`, where the bot runs; "
                "`--since` is about what `ask` and `bench` asked."
            ),
        )
    )


def _table(head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {left} | {right} |" for left, right in lines)
