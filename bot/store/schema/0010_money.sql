-- A run has money set aside when its question is accepted, and belongs to that day: a share for each
-- call that it will make, as JSON [[stage, round, seat, micro-dollars], ...].
ALTER TABLE deliberations ADD COLUMN shares TEXT;

-- What a run has set aside, in each scope that it counts in. The day is that of its question; of a
-- scope that lasts a month its first seven characters, of one without an end nothing.
CREATE TABLE accounts (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    day          TEXT NOT NULL,
    scope        TEXT NOT NULL,
    held_micros  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (deliberation, scope)
) STRICT;
CREATE INDEX accounts_held ON accounts (day, scope) WHERE held_micros > 0;

-- Of what limits count (counted_micros), what rests on usage that the provider told, and what is at
-- an assumed price; the rest of cost_micros is estimated. Whatever else is counted may yet be billed.
ALTER TABLE attempts ADD COLUMN told_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN assumed_micros INTEGER NOT NULL DEFAULT 0;
UPDATE attempts SET told_micros = cost_micros
    WHERE cost_micros IS NOT NULL AND prompt_tokens + completion_tokens > 0;
UPDATE attempts SET assumed_micros = counted_micros
    WHERE cost_micros IS NULL AND prompt_tokens + completion_tokens > 0;

-- What was asked: the size of the prompt, the most tokens that might be written, and where (a
-- platform and its channel), for the price of questions to come.
ALTER TABLE attempts ADD COLUMN prompt_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN max_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN place TEXT;
CREATE INDEX attempts_usual ON attempts (stage, model)
    WHERE prompt_bytes > 0 AND prompt_tokens > 0;
CREATE INDEX attempts_usual_here ON attempts (place, stage, model)
    WHERE prompt_bytes > 0 AND prompt_tokens > 0;

-- The same division of what was spent. A scope `model:ID` counts what requests of that model cost.
ALTER TABLE spending ADD COLUMN told_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spending ADD COLUMN estimated_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spending ADD COLUMN assumed_micros INTEGER NOT NULL DEFAULT 0;

-- Nothing is under way: what was left so may have been billed.
UPDATE attempts SET counted_micros = reserved_micros, reserved_micros = 0 WHERE reserved_micros > 0;
UPDATE spending SET spent_micros = spent_micros + reserved_micros, reserved_micros = 0;
-- Which of it was told is not known of every row of the past.
UPDATE spending SET estimated_micros = spent_micros;
INSERT INTO spending (day, scope, spent_micros, told_micros, estimated_micros, assumed_micros)
    SELECT substr(started_at, 1, 10), 'model:' || model, sum(counted_micros), sum(told_micros),
        sum(coalesce(cost_micros, 0) - told_micros), sum(assumed_micros)
    FROM attempts GROUP BY substr(started_at, 1, 10), model HAVING sum(counted_micros) > 0;
INSERT INTO spending (day, scope, spent_micros, estimated_micros)
    SELECT substr(day, 1, 7), 'month:' || scope, sum(spent_micros), sum(spent_micros)
    FROM spending WHERE scope LIKE 'channel:%' GROUP BY substr(day, 1, 7), scope;
