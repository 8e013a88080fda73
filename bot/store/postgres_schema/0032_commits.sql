CREATE TABLE commits (
    writer BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    at     BIGINT NOT NULL
);
