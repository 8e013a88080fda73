CREATE INDEX accounts_by_day ON accounts (day, scope);
