-- Why a run was stopped, as JSON without who did it, and who that was.
ALTER TABLE deliberations ADD COLUMN stop TEXT;
ALTER TABLE deliberations ADD COLUMN stopped_by TEXT;
