-- The revision whose votes the posted ranking shows: where it is not the newest, it is to be edited.
ALTER TABLE summaries ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
UPDATE summaries SET shown = revision;
CREATE INDEX summaries_recount ON summaries (deliberation) WHERE shown <> revision;
