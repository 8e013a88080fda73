CREATE TABLE work (
    deliberation CTEXT NOT NULL PRIMARY KEY REFERENCES deliberations (id) ON DELETE CASCADE,
    process      BIGINT,
    limits       CTEXT,
    names        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX work_by_process ON work (process);

CREATE TABLE progress (
    deliberation CTEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    token        BIGINT NOT NULL,
    n            BIGINT NOT NULL,
    event        CTEXT NOT NULL,
    PRIMARY KEY (deliberation, n)
);
CREATE TABLE drafts (
    deliberation CTEXT NOT NULL PRIMARY KEY REFERENCES deliberations (id) ON DELETE CASCADE,
    token        BIGINT NOT NULL,
    text         CTEXT NOT NULL
);

CREATE TABLE wishes (
    deliberation CTEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    n            BIGINT NOT NULL,
    wish         CTEXT,
    PRIMARY KEY (deliberation, n)
);
