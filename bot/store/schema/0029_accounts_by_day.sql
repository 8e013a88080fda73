-- What is told of a budget looks at all runs that counted in it that day, not only at those under way.
CREATE INDEX accounts_by_day ON accounts (day, scope);
