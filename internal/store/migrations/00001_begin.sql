-- +goose Up
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE policies (
    id TEXT PRIMARY KEY, -- folded
    name TEXT NOT NULL,  -- as uploaded
    xml BLOB NOT NULL,
    updated BIGINT NOT NULL
);

-- The documents of compiled programs, so that journeys under way finish on theirs.
CREATE TABLE programs (
    hash TEXT PRIMARY KEY,
    documents BLOB NOT NULL,
    used BIGINT NOT NULL
);

CREATE TABLE keysets (
    id TEXT PRIMARY KEY, -- folded
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE applications (
    id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL UNIQUE,
    data BLOB NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    deleted BIGINT -- microseconds since 1970; NULL: not deleted
);
CREATE INDEX users_deleted ON users (deleted);

-- Every way to find a user; a deleted user keeps its entries until it is purged.
CREATE TABLE identities (
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (scope, value)
);
CREATE INDEX identities_user ON identities (user_id);
CREATE INDEX identities_value ON identities (value);

CREATE TABLE journeys (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    data BLOB NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX journeys_expires ON journeys (expires);

CREATE TABLE redemptions (
    id TEXT PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX redemptions_expires ON redemptions (expires);

CREATE TABLE revoked_families (
    family TEXT PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX revoked_families_expires ON revoked_families (expires);

-- +goose Down
DROP TABLE revoked_families;
DROP TABLE redemptions;
DROP TABLE journeys;
DROP TABLE identities;
DROP TABLE users;
DROP TABLE applications;
DROP TABLE keysets;
DROP TABLE programs;
DROP TABLE policies;
DROP TABLE settings;
