-- What a channel is told of its statistics: the rows as of the last time they were counted, without
-- texts and people. It changes in steps of several questions, see bot/analysis/publication.py.
CREATE TABLE publications (
    platform TEXT NOT NULL,
    channel  TEXT NOT NULL,
    rows     BLOB NOT NULL, -- compressed
    PRIMARY KEY (platform, channel)
) STRICT;

-- Summaries count the votes of people who had seen the names.
UPDATE summaries SET value = NULL;
