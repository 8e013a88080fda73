-- What was found on the web for a call, as JSON.
ALTER TABLE calls ADD COLUMN sources TEXT;
