-- What each request counted against limits: what it cost, or where nobody knows, what was assumed.
ALTER TABLE attempts ADD COLUMN counted_micros INTEGER NOT NULL DEFAULT 0;
UPDATE attempts SET counted_micros = coalesce(cost_micros, 0);

-- How often this deliberation failed at no model's fault; after some times nobody resumes it.
ALTER TABLE deliberations ADD COLUMN failed_starts INTEGER NOT NULL DEFAULT 0;
