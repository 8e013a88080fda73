-- Posts of the bot's whose question was forgotten, until the platform has removed them.
CREATE TABLE removals (
    number   INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    post_id  TEXT NOT NULL,
    at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')),
    due      TEXT NOT NULL DEFAULT '', -- not to be tried again before then
    UNIQUE (platform, post_id)
) STRICT;
