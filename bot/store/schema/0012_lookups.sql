-- Requests whose usage nobody told: what they cost may be looked up for a while.
CREATE INDEX attempts_untold ON attempts (finished_at) WHERE told_micros = 0 AND counted_micros > 0;
