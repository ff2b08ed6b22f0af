-- What SQLite and PostgreSQL both understand. What they say differently is in queries_sqlite.sql and queries_postgres.sql.

-- name: hotel_by_slug^
SELECT * FROM hotels WHERE slug = :slug;

-- name: hotels
SELECT * FROM hotels ORDER BY id;

-- name: room_types_of_hotel
SELECT * FROM room_types WHERE hotel_id = :hotel_id ORDER BY id;

-- name: room_type_by_id^
SELECT * FROM room_types WHERE id = :id;

-- name: room_by_id^
SELECT * FROM rooms WHERE id = :id;

-- name: room_by_number^
SELECT * FROM rooms WHERE hotel_id = :hotel_id AND room_number = :room_number;

-- name: rooms_of_hotel
SELECT * FROM rooms WHERE hotel_id = :hotel_id ORDER BY room_number;

-- name: booking_by_id^
SELECT * FROM bookings WHERE booking_id = :booking_id;

-- name: bookings_of_hotel
SELECT * FROM bookings WHERE hotel_id = :hotel_id ORDER BY check_in, booking_id;

-- name: bookings_of_room
-- Every booking that has the room, for "who is in house" and for overlaps.
SELECT * FROM bookings WHERE room_id = :room_id ORDER BY booking_id;

-- name: bookings_in_house_of_hotel
SELECT * FROM bookings
WHERE hotel_id = :hotel_id AND checked_in_at IS NOT NULL AND checked_out_at IS NULL ORDER BY booking_id;

-- name: party_of_booking
SELECT * FROM party_members WHERE booking_id = :booking_id ORDER BY id;

-- name: guests_of_booking
SELECT * FROM guests WHERE booking_id = :booking_id ORDER BY id;

-- name: guests_of_party
SELECT guests.* FROM guests JOIN party_members ON party_members.id = guests.party_member_id
WHERE party_members.booking_id = :booking_id ORDER BY guests.id;

-- name: rooms_of_guests
-- The rooms in which guests of the booking are, or guests that were made from members of its party.
SELECT room_id FROM guests WHERE booking_id = :booking_id AND room_id IS NOT NULL
UNION
SELECT guests.room_id FROM guests JOIN party_members ON party_members.id = guests.party_member_id
WHERE party_members.booking_id = :booking_id AND guests.room_id IS NOT NULL;

-- name: guests_in_room
SELECT * FROM guests WHERE room_id = :room_id ORDER BY id;

-- name: guests_in_house_of_hotel
SELECT * FROM guests WHERE hotel_id = :hotel_id AND room_id IS NOT NULL ORDER BY id;

-- name: tokens_of_booking
SELECT * FROM guest_tokens WHERE booking_id = :booking_id ORDER BY id;

-- name: token_by_hash^
SELECT * FROM guest_tokens WHERE token_hash = :token_hash;

-- name: status_events_of_room
SELECT * FROM room_status_events WHERE room_id = :room_id ORDER BY id DESC LIMIT :limit;

-- name: count_status_events_of_room$
SELECT count(*) FROM room_status_events WHERE room_id = :room_id;

-- name: conversations_of_booking
SELECT * FROM conversations WHERE booking_id = :booking_id ORDER BY id;

-- name: messages_of_booking
SELECT * FROM room_messages
WHERE conversation_id IN (SELECT id FROM conversations WHERE booking_id = :booking_id) ORDER BY id;

-- name: messages_in_room
SELECT * FROM room_messages WHERE room_id = :room_id ORDER BY id;

-- name: conversations_in_room
SELECT * FROM conversations WHERE room_id = :room_id ORDER BY id;

-- name: orders_in_room
SELECT * FROM orders WHERE room_id = :room_id ORDER BY id;

-- name: orders_of_booking
SELECT * FROM orders WHERE booking_id = :booking_id ORDER BY id;

-- name: jobs_of_booking
SELECT * FROM jobs WHERE booking_id = :booking_id ORDER BY id;

-- name: open_jobs
SELECT * FROM jobs WHERE done_at IS NULL AND attempts < :most_attempts ORDER BY id LIMIT 100;

-- name: enqueue$
INSERT INTO outbox (event_id, channel, name, data, room_id, booking_id, created_at)
VALUES (:event_id, :channel, :name, :data, :room_id, :booking_id, :created_at) RETURNING id;

-- name: pending_events
SELECT id, event_id, channel, name, data FROM outbox
WHERE published_at IS NULL AND NOT dead AND id > :after ORDER BY id LIMIT :limit;

-- name: is_enqueued$
SELECT id FROM outbox WHERE event_id = :event_id;

-- name: mark_published!
UPDATE outbox SET published_at = :at, data = '' WHERE id = :id;

-- name: mark_attempt!
UPDATE outbox SET attempts = attempts + 1, last_error = :error WHERE id = :id;

-- name: mark_dead!
UPDATE outbox SET dead = true, last_error = :error WHERE id = :id;

-- name: failed_events_of_booking
SELECT name, channel, attempts, last_error, published_at, dead FROM outbox
WHERE booking_id = :booking_id AND last_error IS NOT NULL AND published_at IS NULL ORDER BY id;

-- name: count_pending_events$
SELECT count(*) FROM outbox WHERE published_at IS NULL AND NOT dead;

-- name: add_staff!
INSERT INTO staff (id, username, password_hash, full_name, role, hotel_id)
VALUES (:id, :username, :password_hash, :full_name, :role, :hotel_id);

-- name: staff_by_username^
SELECT id, username, password_hash, full_name, role, hotel_id FROM staff WHERE username = :username;

-- name: staff_by_token^
SELECT staff.id, staff.full_name, staff.role, staff.hotel_id FROM staff_tokens
JOIN staff ON staff.id = staff_tokens.staff_id
WHERE staff_tokens.token_hash = :token_hash AND staff_tokens.expires_at > :now;

-- name: staff_of_hotel
SELECT id FROM staff WHERE hotel_id = :hotel_id ORDER BY id;

-- name: hotels_of_staff
SELECT hotel_id FROM staff_hotels WHERE staff_id = :staff_id;

-- name: add_staff_hotel!
INSERT INTO staff_hotels (staff_id, hotel_id) VALUES (:staff_id, :hotel_id) ON CONFLICT DO NOTHING;

-- name: add_staff_token!
INSERT INTO staff_tokens (token_hash, staff_id, created_at, expires_at)
VALUES (:token_hash, :staff_id, :created_at, :expires_at);

-- name: delete_expired_staff_tokens!
DELETE FROM staff_tokens WHERE expires_at <= :now;

-- name: add_arranged!
INSERT INTO arranged (run, table_name, key) VALUES (:run, :table_name, :key) ON CONFLICT DO NOTHING;

-- name: arranged_of_run
SELECT table_name, key FROM arranged WHERE run = :run;

-- name: forget_run!
DELETE FROM arranged WHERE run = :run;

-- name: delete_messages_of_booking!
DELETE FROM room_messages WHERE conversation_id IN (SELECT id FROM conversations WHERE booking_id = :booking_id);

-- name: delete_conversations_of_booking!
DELETE FROM conversations WHERE booking_id = :booking_id;

-- name: delete_orders_of_booking!
DELETE FROM orders WHERE booking_id = :booking_id;

-- name: delete_jobs_of_booking!
DELETE FROM jobs WHERE booking_id = :booking_id;

-- name: delete_tokens_of_booking!
DELETE FROM guest_tokens WHERE booking_id = :booking_id;

-- name: delete_guests_of_booking!
DELETE FROM guests WHERE booking_id = :booking_id;

-- name: delete_party_of_booking!
DELETE FROM party_members WHERE booking_id = :booking_id;

-- name: delete_booking!
DELETE FROM bookings WHERE booking_id = :booking_id;

-- name: delete_guests_of_room!
DELETE FROM guests WHERE room_id = :room_id;

-- name: delete_status_events_of_room!
DELETE FROM room_status_events WHERE room_id = :room_id;

-- name: release_room!
UPDATE bookings SET room_id = NULL WHERE room_id = :room_id;

-- name: delete_room!
DELETE FROM rooms WHERE id = :room_id;

-- name: delete_staff_hotels_of_hotel!
DELETE FROM staff_hotels WHERE hotel_id = :hotel_id;

-- name: delete_room_types_of_hotel!
DELETE FROM room_types WHERE hotel_id = :hotel_id;

-- name: delete_hotel!
DELETE FROM hotels WHERE id = :hotel_id;

-- name: primary_members_of_hotel
SELECT party_members.* FROM party_members JOIN bookings ON bookings.booking_id = party_members.booking_id
WHERE bookings.hotel_id = :hotel_id AND party_members.role = 'PRIMARY' ORDER BY party_members.id;

-- name: staff
SELECT id, username, password_hash, full_name, role, hotel_id FROM staff ORDER BY id;

-- name: staff_hotels
SELECT staff_id, hotel_id FROM staff_hotels ORDER BY staff_id, hotel_id;

-- name: staff_tokens
SELECT token_hash, username, created_at, expires_at FROM staff_tokens JOIN staff ON staff.id = staff_id ORDER BY token_hash;

-- name: renew_staff_tokens!
UPDATE staff_tokens SET expires_at = :expires_at;

-- name: arranged
SELECT run, table_name, key FROM arranged ORDER BY run, table_name, key;

-- name: delete_all_arranged!
DELETE FROM arranged;

-- name: delete_all_staff_tokens!
DELETE FROM staff_tokens;

-- name: delete_all_staff_hotels!
DELETE FROM staff_hotels;

-- name: delete_all_staff!
DELETE FROM staff;

-- name: delete_all_events!
DELETE FROM outbox;

-- name: delete_all_jobs!
DELETE FROM jobs;

-- name: delete_all_orders!
DELETE FROM orders;

-- name: delete_all_room_messages!
DELETE FROM room_messages;

-- name: delete_all_conversations!
DELETE FROM conversations;

-- name: delete_all_room_status_events!
DELETE FROM room_status_events;

-- name: delete_all_guest_tokens!
DELETE FROM guest_tokens;

-- name: delete_all_guests!
DELETE FROM guests;

-- name: delete_all_party_members!
DELETE FROM party_members;

-- name: delete_all_bookings!
DELETE FROM bookings;

-- name: delete_all_rooms!
DELETE FROM rooms;

-- name: delete_all_room_types!
DELETE FROM room_types;

-- name: delete_all_hotels!
DELETE FROM hotels;

-- name: job_by_id^
SELECT * FROM jobs WHERE id = :id;

-- name: newest_times^
SELECT (SELECT max(created_at) FROM room_status_events), (SELECT max(updated_at) FROM bookings),
  (SELECT max(created_at) FROM outbox);
