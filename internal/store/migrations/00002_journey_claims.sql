-- +goose Up
-- Until when a process works on a journey, microseconds since 1970; 0: none does.
ALTER TABLE journeys ADD COLUMN claimed BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE journeys DROP COLUMN claimed;
