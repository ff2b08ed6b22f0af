-- The tables of the hotel. Columns stand in the order of the fields in simulator/world.py (a test compares them).

CREATE TABLE hotels (
  id BIGINT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, phone TEXT, timezone TEXT NOT NULL,
  check_in_time TEXT NOT NULL, early_checkin_from TEXT NOT NULL, late_arrival_cutoff TEXT NOT NULL
);
CREATE TABLE room_types (
  id BIGINT PRIMARY KEY, hotel_id BIGINT NOT NULL REFERENCES hotels (id), name TEXT NOT NULL,
  max_occupancy BIGINT NOT NULL, capacity BIGINT NOT NULL
);
CREATE TABLE rooms (
  id BIGINT PRIMARY KEY, hotel_id BIGINT NOT NULL REFERENCES hotels (id), room_number BIGINT NOT NULL,
  room_type_id BIGINT NOT NULL REFERENCES room_types (id), room_status TEXT NOT NULL, is_occupied BOOLEAN NOT NULL,
  is_active BOOLEAN NOT NULL, is_out_of_order BOOLEAN NOT NULL, maintenance_required BOOLEAN NOT NULL,
  maintenance_priority TEXT, maintenance_notes TEXT, last_cleaned_at TIMESTAMPTZ, cleaned_by_staff_name TEXT,
  last_inspected_at TIMESTAMPTZ, inspected_by_staff_name TEXT, turnover_notes TEXT, guest_fcm_token TEXT,
  UNIQUE (hotel_id, room_number)
);
CREATE TABLE bookings (
  booking_id TEXT PRIMARY KEY, hotel_id BIGINT NOT NULL REFERENCES hotels (id), room_id BIGINT REFERENCES rooms (id),
  confirmation_number TEXT NOT NULL, status TEXT NOT NULL, check_in DATE NOT NULL, check_out DATE NOT NULL,
  adults BIGINT NOT NULL, children BIGINT NOT NULL, total_amount TEXT NOT NULL, currency TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL, updated_at TIMESTAMPTZ NOT NULL, booker_type TEXT NOT NULL,
  booker_first_name TEXT NOT NULL, booker_last_name TEXT NOT NULL, booker_company TEXT, booker_email TEXT, booker_phone TEXT, special_requests TEXT,
  promo_code TEXT, payment_reference TEXT, payment_provider TEXT, paid_at TIMESTAMPTZ, checked_in_at TIMESTAMPTZ,
  checked_out_at TIMESTAMPTZ, internal_notes TEXT, precheckin_submitted_at TIMESTAMPTZ, survey_sent_at TIMESTAMPTZ,
  survey_rating BIGINT, survey_response TEXT
);
CREATE INDEX bookings_by_room ON bookings (room_id) WHERE room_id IS NOT NULL;
CREATE INDEX bookings_by_hotel ON bookings (hotel_id, check_in, booking_id);
CREATE TABLE party_members (
  id BIGINT PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), role TEXT NOT NULL,
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT, phone TEXT, is_staying BOOLEAN NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX party_by_booking ON party_members (booking_id);
CREATE TABLE guests (
  id BIGINT PRIMARY KEY, hotel_id BIGINT NOT NULL REFERENCES hotels (id),
  booking_id TEXT REFERENCES bookings (booking_id), room_id BIGINT REFERENCES rooms (id), party_member_id BIGINT,
  primary_guest_id BIGINT, guest_type TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
  id_pin TEXT NOT NULL, check_in_date DATE NOT NULL, check_out_date DATE NOT NULL
);
CREATE INDEX guests_by_booking ON guests (booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX guests_by_room ON guests (room_id) WHERE room_id IS NOT NULL;
CREATE TABLE guest_tokens (
  id BIGINT PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), token_hash TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL, scopes TEXT[] NOT NULL, status TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ, revoked_at TIMESTAMPTZ, revoke_reason TEXT
);
CREATE INDEX guest_tokens_by_booking ON guest_tokens (booking_id);
CREATE TABLE room_status_events (
  id BIGINT PRIMARY KEY, room_id BIGINT NOT NULL REFERENCES rooms (id), from_status TEXT NOT NULL,
  to_status TEXT NOT NULL, changed_by BIGINT, changed_by_name TEXT, source TEXT NOT NULL, note TEXT,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX room_status_events_by_room ON room_status_events (room_id, id);
CREATE TABLE conversations (
  id BIGINT PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), room_id BIGINT NOT NULL
);
CREATE INDEX conversations_by_booking ON conversations (booking_id);
CREATE TABLE room_messages (
  id BIGINT PRIMARY KEY, conversation_id BIGINT NOT NULL, room_id BIGINT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX room_messages_by_conversation ON room_messages (conversation_id);
CREATE TABLE orders (
  id BIGINT PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), room_id BIGINT NOT NULL,
  kind TEXT NOT NULL
);
CREATE INDEX orders_by_booking ON orders (booking_id);
CREATE TABLE jobs (
  id BIGINT PRIMARY KEY, kind TEXT NOT NULL, booking_id TEXT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
  attempts BIGINT NOT NULL, done_at TIMESTAMPTZ, last_error TEXT
);
CREATE INDEX jobs_by_booking ON jobs (booking_id);
CREATE INDEX jobs_open ON jobs (id) WHERE done_at IS NULL;

CREATE INDEX conversations_by_room ON conversations (room_id);
CREATE INDEX room_messages_by_room ON room_messages (room_id);
CREATE INDEX orders_by_room ON orders (room_id);

-- An event is a row here, in the transaction of its operation, before it is a message (law 3). `data` is emptied once every
-- publisher has accepted it, because the guest event of a check-in carries a raw token. It
-- is text and not jsonb: what is published is what was written, byte for byte. The identity must not cache numbers per
-- session (CACHE 1, the default): ids that are taken under the same row lock have to grow in the order of the commits.
CREATE TABLE outbox (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL,
  name TEXT NOT NULL, data TEXT NOT NULL, room_id BIGINT, booking_id TEXT, created_at TIMESTAMPTZ NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0, last_error TEXT, published_at TIMESTAMPTZ, dead BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_failed ON outbox (booking_id) WHERE last_error IS NOT NULL;

CREATE TABLE staff (
  id BIGINT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, full_name TEXT NOT NULL,
  role TEXT NOT NULL, hotel_id BIGINT NOT NULL REFERENCES hotels (id)
);
-- Hotels a member of staff works in beside their own.
CREATE TABLE staff_hotels (
  staff_id BIGINT NOT NULL REFERENCES staff (id), hotel_id BIGINT NOT NULL REFERENCES hotels (id),
  PRIMARY KEY (staff_id, hotel_id)
);
CREATE TABLE staff_tokens (
  token_hash TEXT PRIMARY KEY, staff_id BIGINT NOT NULL REFERENCES staff (id), created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL
);

-- The next integer key of each table. Not transactional: a rolled back transaction leaves a gap, and nobody waits.
CREATE SEQUENCE number_hotels;
CREATE SEQUENCE number_room_types;
CREATE SEQUENCE number_rooms;
CREATE SEQUENCE number_room_numbers;
CREATE SEQUENCE number_bookings;
CREATE SEQUENCE number_party_members;
CREATE SEQUENCE number_guests;
CREATE SEQUENCE number_guest_tokens;
CREATE SEQUENCE number_room_status_events;
CREATE SEQUENCE number_conversations;
CREATE SEQUENCE number_room_messages;
CREATE SEQUENCE number_orders;
CREATE SEQUENCE number_jobs;
-- What the provider states arranged, by run, so that a run can be torn down.
CREATE TABLE arranged (
  run TEXT NOT NULL, table_name TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (run, table_name, key)
);
