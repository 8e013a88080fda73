CREATE TABLE published_trials (
    platform CTEXT NOT NULL,
    channel  CTEXT NOT NULL,
    number   BIGINT NOT NULL,
    told     CTEXT NOT NULL,
    PRIMARY KEY (platform, channel)
);
ALTER TABLE comparisons ADD COLUMN published BIGINT NOT NULL DEFAULT 0;
