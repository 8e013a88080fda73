-- Somebody may go on with a stopped run: it is theirs from then on, and counts in accounts of its own,
-- a term of the run. `wrote` is who asked, where that is another by now.
ALTER TABLE deliberations ADD COLUMN term INTEGER NOT NULL DEFAULT 1;
ALTER TABLE deliberations ADD COLUMN went_on_at TEXT;
ALTER TABLE deliberations ADD COLUMN wrote TEXT;
CREATE INDEX deliberations_by_writer ON deliberations (wrote) WHERE wrote IS NOT NULL;
ALTER TABLE attempts ADD COLUMN term INTEGER NOT NULL DEFAULT 1;

CREATE TABLE accounts_by_term (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    term         INTEGER NOT NULL,
    day          TEXT NOT NULL,
    scope        TEXT NOT NULL,
    held_micros  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (deliberation, term, scope)
) STRICT;
INSERT INTO accounts_by_term (deliberation, term, day, scope, held_micros)
    SELECT deliberation, 1, day, scope, held_micros FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_by_term RENAME TO accounts;
CREATE INDEX accounts_held ON accounts (day, scope) WHERE held_micros > 0;
