-- How a request wrote: seconds until its first text, from then on until its end, characters, and
-- whether these were all of its text. By this a model's next requests are judged.
ALTER TABLE attempts ADD COLUMN text_after_seconds REAL;
ALTER TABLE attempts ADD COLUMN text_seconds REAL;
ALTER TABLE attempts ADD COLUMN text_chars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN text_whole INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempts_tempo ON attempts (model, stage) WHERE text_chars > 0;
