-- Which deliberations were told of one, and what sums up the beginning of a thread, are looked up by
-- what was decided.
CREATE INDEX decisions_by_value ON decisions (value);
