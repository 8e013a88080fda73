-- What several processes tell each other of a deliberation, which takes a server's database: in a file
-- these tables stay empty.

-- A deliberation that a `process` is at, or, NULL, that any may take. That it may be taken is said by
-- `limits`, which are micro-dollars by scope as they were when it was asked; its thread wants a title
-- where `names`.
CREATE TABLE work (
    deliberation TEXT NOT NULL PRIMARY KEY REFERENCES deliberations (id) ON DELETE CASCADE,
    process      INTEGER,
    limits       TEXT,
    names        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX work_by_process ON work (process);

-- What happened in the run of this token, in order, and its verdict as far as it is written.
CREATE TABLE progress (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    token        INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    event        TEXT NOT NULL,
    PRIMARY KEY (deliberation, n)
) STRICT;
CREATE TABLE drafts (
    deliberation TEXT NOT NULL PRIMARY KEY REFERENCES deliberations (id) ON DELETE CASCADE,
    token        INTEGER NOT NULL,
    text         TEXT NOT NULL
) STRICT;

-- What is wanted of whoever is at it; NULL once it was heard.
CREATE TABLE wishes (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    n            INTEGER NOT NULL,
    wish         TEXT,
    PRIMARY KEY (deliberation, n)
) STRICT;
