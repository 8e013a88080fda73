-- How many requests an attempt took: those that a server refused for their form are put right at once.
ALTER TABLE attempts ADD COLUMN requests INTEGER NOT NULL DEFAULT 1;
