-- Ids are TEXT, times UTC ISO TEXT of one width (they sort as text), money integer micro-dollars.
-- Columns named after a value of bot/ hold it as JSON.

PRAGMA application_id = 1131307884; -- "Cncl"

CREATE TABLE deliberations (
    number    INTEGER PRIMARY KEY, -- the order in which they were asked
    id        TEXT NOT NULL UNIQUE,
    mention   TEXT UNIQUE,         -- the platform's event; a repeat is refused
    platform  TEXT NOT NULL,
    workspace TEXT,
    channel   TEXT,
    thread    TEXT,
    asker     TEXT,
    address   TEXT NOT NULL,       -- the adapter's own, to answer there again
    asked_at  TEXT NOT NULL,
    question  TEXT NOT NULL,
    council   TEXT NOT NULL,
    token     INTEGER NOT NULL DEFAULT 0, -- of the run that may write; a newer run counts it up
    status    TEXT NOT NULL CHECK (status IN ('running', 'finished', 'stopped')),
    result    TEXT CHECK ((result IS NOT NULL) = (status = 'finished')),
    delivered INTEGER NOT NULL DEFAULT 0 -- whether its last post shows how it ended
) STRICT;
CREATE INDEX deliberations_running ON deliberations (platform) WHERE status = 'running';
CREATE INDEX deliberations_undelivered ON deliberations (platform) WHERE delivered = 0;
CREATE INDEX deliberations_by_place ON deliberations (platform, channel, thread);

-- The journal: one final row per call, one row per request that was sent for it.
CREATE TABLE calls (
    deliberation      TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    stage             TEXT NOT NULL,
    round             INTEGER NOT NULL,
    seat              INTEGER NOT NULL,
    model             TEXT NOT NULL,
    started_at        TEXT NOT NULL,
    finished_at       TEXT NOT NULL,
    first_text_at     TEXT,
    text              TEXT,
    failure_kind      TEXT,
    failure_message   TEXT,
    finish_reason     TEXT NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_micros       INTEGER,
    PRIMARY KEY (deliberation, stage, round, seat),
    CHECK ((text IS NULL) <> (failure_kind IS NULL))
) STRICT;

CREATE TABLE attempts (
    number             INTEGER PRIMARY KEY,
    deliberation       TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    stage              TEXT NOT NULL,
    round              INTEGER NOT NULL,
    seat               INTEGER NOT NULL,
    n                  INTEGER NOT NULL, -- 1 for the first request of a call
    model              TEXT NOT NULL,
    hedge              INTEGER NOT NULL,
    started_at         TEXT NOT NULL,
    reserved_micros    INTEGER NOT NULL, -- 0 once settled
    body               BLOB,             -- the bytes sent, until the call has its final row
    finished_at        TEXT,
    failure_kind       TEXT,
    failure_message    TEXT,
    prompt_tokens      INTEGER NOT NULL DEFAULT 0,
    completion_tokens  INTEGER NOT NULL DEFAULT 0,
    cost_micros        INTEGER,
    generation_id      TEXT,
    first_text_seconds REAL,
    UNIQUE (deliberation, stage, round, seat, n)
) STRICT;
CREATE INDEX attempts_reserved ON attempts (deliberation) WHERE reserved_micros > 0;
CREATE INDEX attempts_first_text ON attempts (model) WHERE first_text_seconds IS NOT NULL;

CREATE TABLE decisions (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (deliberation, name)
) STRICT;

-- What happened, in the order of commits, without any text: for `council watch`.
CREATE TABLE feed (
    number       INTEGER PRIMARY KEY,
    at           TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')),
    deliberation TEXT NOT NULL,
    what         TEXT NOT NULL,
    stage        TEXT,
    round        INTEGER,
    seat         INTEGER,
    n            INTEGER,
    model        TEXT,
    kind         TEXT,
    seconds      REAL,
    tokens       INTEGER,
    cost_micros  INTEGER
) STRICT;

CREATE TABLE spending (
    day             TEXT NOT NULL,
    scope           TEXT NOT NULL,
    spent_micros    INTEGER NOT NULL DEFAULT 0,
    reserved_micros INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, scope)
) STRICT;

-- The outbox: a row is claimed before its post is sent and confirmed with the platform's id after.
CREATE TABLE posts (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    part         INTEGER NOT NULL,
    platform     TEXT NOT NULL,
    post_id      TEXT,
    digest       TEXT,
    deleted      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (deliberation, key, part)
) STRICT;
CREATE INDEX posts_by_id ON posts (platform, post_id);

-- Reactions as they stand on the platform; votes are computed from them.
CREATE TABLE reactions (
    deliberation  TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    target        TEXT NOT NULL,
    person        TEXT NOT NULL,
    value         TEXT NOT NULL,
    blind         INTEGER NOT NULL,
    at            TEXT NOT NULL,
    ranking_shown INTEGER NOT NULL,
    place         INTEGER,
    PRIMARY KEY (deliberation, target, person, value, blind)
) STRICT;

-- Who has seen the names: their blind reactions no longer change.
CREATE TABLE reveals (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    person       TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (deliberation, person)
) STRICT;

-- What a channel changed, as a JSON object of texts; workspace is '' where there is none.
CREATE TABLE settings (
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    version   INTEGER NOT NULL,
    changed   TEXT NOT NULL,
    PRIMARY KEY (platform, workspace, channel)
) STRICT;

CREATE TABLE settings_audit (
    number    INTEGER PRIMARY KEY,
    platform  TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    version   INTEGER NOT NULL,
    changed   TEXT NOT NULL,
    person    TEXT NOT NULL,
    at        TEXT NOT NULL,
    what      TEXT NOT NULL
) STRICT;
CREATE INDEX settings_audit_by_channel ON settings_audit (platform, workspace, channel);

CREATE TABLE catalogue (
    endpoint TEXT NOT NULL PRIMARY KEY,
    models   TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT;

CREATE TABLE seen_events (
    key TEXT NOT NULL PRIMARY KEY,
    at  TEXT NOT NULL
) STRICT;

CREATE TABLE notes (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
