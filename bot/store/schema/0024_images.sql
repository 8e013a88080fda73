-- An image as models get it, beside what else is known of it.
ALTER TABLE exhibits ADD COLUMN image BLOB;
