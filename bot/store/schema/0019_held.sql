-- Questions that will cost far more than usual, until whoever asked agrees to the price or the time
-- is over. Nothing of them is asked, paid or counted before.
CREATE TABLE held (
    id          TEXT NOT NULL PRIMARY KEY, -- that the question will have
    mention     TEXT NOT NULL UNIQUE,
    platform    TEXT NOT NULL,
    channel     TEXT NOT NULL,
    thread      TEXT,
    asker       TEXT NOT NULL,
    asked_at    TEXT NOT NULL,
    until       TEXT NOT NULL,
    asked       TEXT NOT NULL,             -- the mention, as JSON
    council     TEXT,                      -- in the place of the channel's own
    told_micros INTEGER NOT NULL,          -- the price that its asker was told
    is_posted   INTEGER NOT NULL,
    takes_up    TEXT,                      -- the run whose answers it takes
    redo        TEXT
) STRICT;
