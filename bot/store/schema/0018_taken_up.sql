-- The deliberation whose answers this one has, and is erased with.
ALTER TABLE deliberations ADD COLUMN takes_up TEXT;
CREATE INDEX deliberations_taking_up ON deliberations (takes_up) WHERE takes_up IS NOT NULL;
