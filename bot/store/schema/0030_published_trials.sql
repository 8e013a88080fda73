-- What the people of a channel were told last of the trial of this number: numbers alone, encoded.
CREATE TABLE published_trials (
    platform TEXT NOT NULL,
    channel  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    told     TEXT NOT NULL,
    PRIMARY KEY (platform, channel)
) STRICT;
ALTER TABLE comparisons ADD COLUMN published INTEGER NOT NULL DEFAULT 0; -- whether that rests on it
