-- What came of a model's audition in a channel, once it had been rated often enough: numbers alone,
-- which stay as they were.
CREATE TABLE auditions (
    platform TEXT NOT NULL,
    channel  TEXT NOT NULL,
    model    TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    result   TEXT NOT NULL,
    PRIMARY KEY (platform, channel, model)
) STRICT;
