-- Answers of people to a question beside those of its members: one of each person. Once it has a seat, its
-- text is that of the finished call of this seat.
CREATE TABLE people (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    person       TEXT NOT NULL,
    answer       TEXT NOT NULL,
    number       INTEGER NOT NULL,
    seat         INTEGER,
    PRIMARY KEY (deliberation, person)
) STRICT;
CREATE INDEX people_by_person ON people (person);
