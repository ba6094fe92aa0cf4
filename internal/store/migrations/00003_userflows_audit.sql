-- +goose Up
-- User flows, their attributes, identity providers, and API connectors.
CREATE TABLE resources (
    kind TEXT NOT NULL,
    id TEXT NOT NULL, -- folded
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Ids begin with the time: the order of the key is that of the records.
CREATE TABLE audits (
    id TEXT PRIMARY KEY,
    activity TEXT NOT NULL,
    service TEXT NOT NULL,
    data BLOB NOT NULL
);

-- +goose Down
DROP TABLE audits;
DROP TABLE resources;
