-- What only PostgreSQL says this way; the first three names are in queries_sqlite.sql too.

-- name: next_number$
-- A sequence, not a row of a table: a row would make every writer wait for the commit of the one before.
SELECT nextval(cast('number_' || cast(:name AS text) AS regclass));

-- name: set_counter$
SELECT setval(name, greatest(:value, nextval(name)))
FROM (SELECT cast('number_' || cast(:name AS text) AS regclass) AS name) AS counter;

-- name: wait_for_writers!
-- Until everybody who has written to the outbox has committed or rolled back; nobody writes to it until this ends.
LOCK TABLE outbox IN SHARE MODE;

-- name: lock_bookings
SELECT booking_id FROM bookings WHERE booking_id = ANY(:ids) ORDER BY booking_id FOR UPDATE;

-- name: lock_rooms
SELECT id FROM rooms WHERE id = ANY(:ids) ORDER BY id FOR UPDATE;

-- name: lock_name$
SELECT cast(pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || cast(:name AS text), 0)) AS text);

-- name: lock_everything!
-- Readers go on with what they see; whoever writes, from whichever server, waits until this ends.
LOCK TABLE hotels, room_types, rooms, bookings, party_members, guests, guest_tokens, room_status_events, conversations,
  room_messages, orders, jobs, outbox, staff, staff_hotels, staff_tokens, arranged IN EXCLUSIVE MODE;

-- name: counter_names
SELECT substr(sequencename, 8) FROM pg_sequences WHERE schemaname = current_schema() AND starts_with(sequencename, 'number_')
ORDER BY sequencename;

-- name: counters
SELECT substr(sequencename, 8), last_value FROM pg_sequences
WHERE schemaname = current_schema() AND starts_with(sequencename, 'number_') AND last_value IS NOT NULL ORDER BY sequencename;

-- name: last_event_id$
SELECT coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname = current_schema() AND sequencename = 'outbox_id_seq';
