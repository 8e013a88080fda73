-- Reflections on a channel's criteria. The journal of one is a deliberation on a platform of its own,
-- `reflection:` and the channel's, so that nothing takes it for a question that somebody asked. Of the
-- last that ended there is what came of it: criteria and numbers, and no text of a question.
CREATE TABLE reflections (
    platform  TEXT NOT NULL,
    channel   TEXT NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0, -- of those that came to a comparison
    under_way TEXT REFERENCES deliberations (id) ON DELETE SET NULL,
    result    TEXT,
    ended_at  TEXT,
    decided   TEXT CHECK (decided IN ('adopted', 'discarded')),
    PRIMARY KEY (platform, channel)
) STRICT;
CREATE INDEX reflections_under_way ON reflections (under_way) WHERE under_way IS NOT NULL;

-- Questions that criteria were once proposed from, and that no criteria are tried on any more.
CREATE TABLE lessons (
    platform TEXT NOT NULL,
    channel  TEXT NOT NULL,
    question TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    PRIMARY KEY (platform, channel, question)
) STRICT;
CREATE INDEX lessons_by_question ON lessons (question);

-- Whose texts a reflection under way reads, and its journal holds. It goes with any of them.
CREATE TABLE reflected (
    reflection TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    question   TEXT NOT NULL,
    PRIMARY KEY (question, reflection)
) STRICT;
CREATE INDEX reflected_by_reflection ON reflected (reflection);

CREATE TRIGGER reflection_of_forgotten AFTER DELETE ON deliberations
BEGIN
    DELETE FROM feed WHERE deliberation IN (SELECT reflection FROM reflected WHERE question = OLD.id);
    DELETE FROM deliberations
    WHERE id IN (SELECT reflection FROM reflected WHERE question = OLD.id);
END;
CREATE TRIGGER reflection_of_expired AFTER UPDATE OF expired_at ON deliberations
    WHEN NEW.expired_at IS NOT NULL
BEGIN
    DELETE FROM deliberations
    WHERE id IN (SELECT reflection FROM reflected WHERE question = NEW.id);
    UPDATE reflections SET under_way = NULL WHERE under_way = NEW.id;
END;
