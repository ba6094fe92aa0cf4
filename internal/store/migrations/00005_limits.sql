-- +goose Up
-- Wrong passwords and codes. Keys are hashes; times are microseconds since 1970.
CREATE TABLE tries (
    key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,      -- charged ones that are under way included
    running BIGINT NOT NULL,       -- under way …
    running_until BIGINT NOT NULL, -- … at the latest until
    locked_until BIGINT NOT NULL,
    last TEXT NOT NULL,            -- fingerprints of the last wrong ones
    expires BIGINT NOT NULL
);
CREATE INDEX tries_expires ON tries (expires);

-- How often something was done within a time.
CREATE TABLE windows (
    key TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX windows_until ON windows (until);

-- What readiness writes: bytes as a sign-in does.
CREATE TABLE probes (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    filling BLOB NOT NULL
);

-- +goose Down
DROP TABLE probes;
DROP TABLE windows;
DROP TABLE tries;
