-- +goose Up
-- Client assertions that were used, so that each is used once.
CREATE TABLE assertions (
    id TEXT PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX assertions_expires ON assertions (expires);

-- +goose Down
DROP TABLE assertions;
