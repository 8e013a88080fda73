-- What people chose of a verdict and an answer that they were shown side by side, unnamed: one choice of
-- each person about each question. Those of one `trial` of the channel count together.
CREATE TABLE comparisons (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    person       TEXT NOT NULL,
    first        TEXT NOT NULL, -- 'verdict' or 'answer': which stood first
    chose        TEXT,          -- 'first', 'second' or 'same'; NULL so far
    chosen_at    TEXT,
    blind        INTEGER NOT NULL DEFAULT 1,
    trial        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (deliberation, person)
) STRICT;
CREATE INDEX comparisons_by_person ON comparisons (person);
-- Trials that are over: numbers alone. What came of each is told once, in the thread of the deliberation.
CREATE TABLE trials (
    platform     TEXT NOT NULL,
    channel      TEXT NOT NULL,
    number       INTEGER NOT NULL,
    ended_at     TEXT NOT NULL,
    result       TEXT NOT NULL,
    deliberation TEXT REFERENCES deliberations (id) ON DELETE SET NULL,
    told         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, channel, number)
) STRICT;
