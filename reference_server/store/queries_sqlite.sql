-- What only SQLite says this way; the same names are in queries_postgres.sql.

-- name: next_number$
INSERT INTO counters (name, value) VALUES (:name, 1)
ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value;

-- name: set_counter!
INSERT INTO counters (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);

-- name: wait_for_writers$
-- Whoever runs this is the one writer.
SELECT 1;

-- name: counters
SELECT name, value FROM counters ORDER BY name;

-- name: delete_counters!
DELETE FROM counters;

-- name: last_event_id$
SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox';
