CREATE TABLE reflections (
    platform  CTEXT NOT NULL,
    channel   CTEXT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    under_way CTEXT REFERENCES deliberations (id) ON DELETE SET NULL,
    result    CTEXT,
    ended_at  CTEXT,
    decided   CTEXT CHECK (decided IN ('adopted', 'discarded')),
    PRIMARY KEY (platform, channel)
);
CREATE INDEX reflections_under_way ON reflections (under_way) WHERE under_way IS NOT NULL;

CREATE TABLE lessons (
    platform CTEXT NOT NULL,
    channel  CTEXT NOT NULL,
    question CTEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    PRIMARY KEY (platform, channel, question)
);
CREATE INDEX lessons_by_question ON lessons (question);

CREATE TABLE reflected (
    reflection CTEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    question   CTEXT NOT NULL,
    PRIMARY KEY (question, reflection)
);
CREATE INDEX reflected_by_reflection ON reflected (reflection);

CREATE FUNCTION reflection_of_forgotten() RETURNS TRIGGER LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM feed WHERE deliberation IN (SELECT reflection FROM reflected WHERE question = OLD.id);
    DELETE FROM deliberations
    WHERE id IN (SELECT reflection FROM reflected WHERE question = OLD.id);
    RETURN NULL;
END $$;
CREATE TRIGGER reflection_of_forgotten AFTER DELETE ON deliberations
    FOR EACH ROW EXECUTE FUNCTION reflection_of_forgotten();

CREATE FUNCTION reflection_of_expired() RETURNS TRIGGER LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM deliberations
    WHERE id IN (SELECT reflection FROM reflected WHERE question = NEW.id);
    UPDATE reflections SET under_way = NULL WHERE under_way = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER reflection_of_expired AFTER UPDATE OF expired_at ON deliberations
    FOR EACH ROW WHEN (NEW.expired_at IS NOT NULL) EXECUTE FUNCTION reflection_of_expired();
