-- Nothing that is asked for by time, and nothing that a request waits for, goes through a whole table.
CREATE INDEX deliberations_asked_at ON deliberations (asked_at);
CREATE INDEX deliberations_by_channel ON deliberations (channel);
CREATE INDEX deliberations_by_asker ON deliberations (asker) WHERE asker IS NOT NULL;
CREATE INDEX attempts_used ON attempts (model) WHERE prompt_bytes > 0 AND prompt_tokens > 0;
CREATE INDEX feed_at ON feed (at);
CREATE INDEX seen_events_at ON seen_events (at);
