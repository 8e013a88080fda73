-- What placeholders in a question's texts stand for: never sent to a model, and put back in the
-- posts of its own channel alone.
CREATE TABLE redactions (
    deliberation TEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    placeholder  TEXT NOT NULL,
    original     TEXT NOT NULL,
    PRIMARY KEY (deliberation, placeholder)
) STRICT;
