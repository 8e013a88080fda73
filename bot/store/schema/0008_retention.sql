-- When the texts of a deliberation were erased, and what is kept of them for the statistics (JSON).
ALTER TABLE deliberations ADD COLUMN expired_at TEXT;
ALTER TABLE deliberations ADD COLUMN remains TEXT;
CREATE INDEX deliberations_with_texts ON deliberations (asked_at) WHERE expired_at IS NULL;

-- Who made this database before texts were ever erased was not told of it, and keeps them.
INSERT INTO notes (key, value)
SELECT 'retention', 'keep'
WHERE EXISTS (SELECT 1 FROM deliberations) OR EXISTS (SELECT 1 FROM settings)
   OR EXISTS (SELECT 1 FROM catalogue) OR EXISTS (SELECT 1 FROM notes);

-- Summaries hold no words of the question any more.
UPDATE summaries SET value = NULL;
