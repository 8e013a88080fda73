-- What was read of the files that came with a question: once, so that a resumed run reads none again.
CREATE TABLE exhibits (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    place        INTEGER NOT NULL,
    exhibit      TEXT NOT NULL,
    PRIMARY KEY (deliberation, place)
) STRICT;
