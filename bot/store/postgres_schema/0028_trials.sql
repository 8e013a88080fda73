CREATE TABLE comparisons (
    deliberation CTEXT NOT NULL REFERENCES deliberations (id) ON DELETE CASCADE,
    person       CTEXT NOT NULL,
    first        CTEXT NOT NULL,
    chose        CTEXT,
    chosen_at    CTEXT,
    blind        BIGINT NOT NULL DEFAULT 1,
    trial        BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (deliberation, person)
);
CREATE INDEX comparisons_by_person ON comparisons (person);

CREATE TABLE trials (
    platform     CTEXT NOT NULL,
    channel      CTEXT NOT NULL,
    number       BIGINT NOT NULL,
    ended_at     CTEXT NOT NULL,
    result       CTEXT NOT NULL,
    deliberation CTEXT REFERENCES deliberations (id) ON DELETE SET NULL,
    told         BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, channel, number)
);
