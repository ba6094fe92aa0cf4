-- +goose Up
ALTER TABLE policies ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE policies ADD COLUMN uploaded_by TEXT NOT NULL DEFAULT '';

-- The last versions of each policy, the current one among them, also of deleted policies.
CREATE TABLE policy_versions (
    id TEXT NOT NULL, -- folded
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    xml BLOB NOT NULL,
    updated BIGINT NOT NULL,
    uploaded_by TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
INSERT INTO policy_versions (id, version, name, xml, updated, uploaded_by) SELECT id, 1, name, xml, updated, '' FROM policies;

-- The program that each policy or user flow served last: what it serves until its files
-- compile again. The documents are in programs.
CREATE TABLE served (
    id TEXT PRIMARY KEY, -- folded
    hash TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- +goose Down
DROP TABLE served;
DROP TABLE policy_versions;
ALTER TABLE policies DROP COLUMN uploaded_by;
ALTER TABLE policies DROP COLUMN version;
