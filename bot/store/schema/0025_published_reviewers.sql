-- What votes say of the reviewers, as of when the rows were published: no question and no person.
ALTER TABLE publications ADD COLUMN reviewers BLOB; -- compressed; NULL until the next step
