-- What the statistics take from each finished deliberation and its reactions, so that nothing large
-- is read again for them. NULL has yet to be computed; a migration that changes what is computed
-- sets every value to NULL.
CREATE TABLE summaries (
    deliberation TEXT NOT NULL PRIMARY KEY REFERENCES deliberations (id) ON DELETE CASCADE,
    revision     INTEGER NOT NULL DEFAULT 0, -- counts changes: what was computed before one is late
    value        TEXT
) STRICT;
CREATE INDEX summaries_missing ON summaries (deliberation) WHERE value IS NULL;

CREATE TRIGGER summary_of_inserted AFTER INSERT ON deliberations WHEN NEW.status = 'finished'
BEGIN
    INSERT INTO summaries (deliberation) VALUES (NEW.id);
END;
CREATE TRIGGER summary_of_finished AFTER UPDATE OF result ON deliberations
    WHEN NEW.status = 'finished'
BEGIN
    INSERT INTO summaries (deliberation) VALUES (NEW.id)
    ON CONFLICT DO UPDATE SET revision = revision + 1, value = NULL;
END;
CREATE TRIGGER summary_of_reaction AFTER INSERT ON reactions
BEGIN
    UPDATE summaries SET revision = revision + 1, value = NULL
    WHERE deliberation = NEW.deliberation;
END;
CREATE TRIGGER summary_of_reaction_taken_back AFTER DELETE ON reactions
BEGIN
    UPDATE summaries SET revision = revision + 1, value = NULL
    WHERE deliberation = OLD.deliberation;
END;

INSERT INTO summaries (deliberation) SELECT id FROM deliberations WHERE status = 'finished';
