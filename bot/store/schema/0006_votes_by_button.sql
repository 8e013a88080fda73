-- Whether a button gave it: then it stands nowhere on the platform, whose reactions do not undo it.
ALTER TABLE reactions ADD COLUMN by_button INTEGER NOT NULL DEFAULT 0;
