-- The tables of the hotel. Columns stand in the order of the fields in simulator/world.py (checked when the store opens).
-- Times are ISO 8601 in UTC, dates YYYY-MM-DD, booleans 0 or 1, lists JSON.

CREATE TABLE IF NOT EXISTS hotels (
  id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, phone TEXT, timezone TEXT NOT NULL,
  check_in_time TEXT NOT NULL, early_checkin_from TEXT NOT NULL, late_arrival_cutoff TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS room_types (
  id INTEGER PRIMARY KEY, hotel_id INTEGER NOT NULL REFERENCES hotels (id), name TEXT NOT NULL,
  max_occupancy INTEGER NOT NULL, capacity INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS rooms (
  id INTEGER PRIMARY KEY, hotel_id INTEGER NOT NULL REFERENCES hotels (id), room_number INTEGER NOT NULL,
  room_type_id INTEGER NOT NULL REFERENCES room_types (id), room_status TEXT NOT NULL, is_occupied INTEGER NOT NULL,
  is_active INTEGER NOT NULL, is_out_of_order INTEGER NOT NULL, maintenance_required INTEGER NOT NULL,
  maintenance_priority TEXT, maintenance_notes TEXT, last_cleaned_at TEXT, cleaned_by_staff_name TEXT,
  last_inspected_at TEXT, inspected_by_staff_name TEXT, turnover_notes TEXT, guest_fcm_token TEXT,
  UNIQUE (hotel_id, room_number)
);
CREATE TABLE IF NOT EXISTS bookings (
  booking_id TEXT PRIMARY KEY, hotel_id INTEGER NOT NULL REFERENCES hotels (id), room_id INTEGER REFERENCES rooms (id),
  confirmation_number TEXT NOT NULL, status TEXT NOT NULL, check_in TEXT NOT NULL, check_out TEXT NOT NULL,
  adults INTEGER NOT NULL, children INTEGER NOT NULL, total_amount TEXT NOT NULL, currency TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, booker_type TEXT NOT NULL, booker_first_name TEXT NOT NULL,
  booker_last_name TEXT NOT NULL, booker_company TEXT, booker_email TEXT, booker_phone TEXT, special_requests TEXT,
  promo_code TEXT, payment_reference TEXT, payment_provider TEXT, paid_at TEXT, checked_in_at TEXT, checked_out_at TEXT,
  internal_notes TEXT, precheckin_submitted_at TEXT, survey_sent_at TEXT, survey_rating INTEGER, survey_response TEXT
);
CREATE INDEX IF NOT EXISTS bookings_by_room ON bookings (room_id) WHERE room_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS bookings_by_hotel ON bookings (hotel_id, check_in, booking_id);
CREATE TABLE IF NOT EXISTS party_members (
  id INTEGER PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), role TEXT NOT NULL,
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT, phone TEXT, is_staying INTEGER NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS party_by_booking ON party_members (booking_id);
CREATE TABLE IF NOT EXISTS guests (
  id INTEGER PRIMARY KEY, hotel_id INTEGER NOT NULL REFERENCES hotels (id),
  booking_id TEXT REFERENCES bookings (booking_id), room_id INTEGER REFERENCES rooms (id), party_member_id INTEGER,
  primary_guest_id INTEGER, guest_type TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
  id_pin TEXT NOT NULL, check_in_date TEXT NOT NULL, check_out_date TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS guests_by_booking ON guests (booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS guests_by_room ON guests (room_id) WHERE room_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS guests_by_party_member ON guests (party_member_id) WHERE party_member_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS guests_in_house ON guests (hotel_id) WHERE room_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS guest_tokens (
  id INTEGER PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), token_hash TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL, scopes TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT,
  revoked_at TEXT, revoke_reason TEXT
);
CREATE INDEX IF NOT EXISTS guest_tokens_by_booking ON guest_tokens (booking_id);
CREATE TABLE IF NOT EXISTS room_status_events (
  id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL REFERENCES rooms (id), from_status TEXT NOT NULL,
  to_status TEXT NOT NULL, changed_by INTEGER, changed_by_name TEXT, source TEXT NOT NULL, note TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS room_status_events_by_room ON room_status_events (room_id, id);
CREATE TABLE IF NOT EXISTS conversations (
  id INTEGER PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), room_id INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS conversations_by_booking ON conversations (booking_id);
CREATE TABLE IF NOT EXISTS room_messages (
  id INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL, room_id INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS room_messages_by_conversation ON room_messages (conversation_id);
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (booking_id), room_id INTEGER NOT NULL,
  kind TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_booking ON orders (booking_id);
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, booking_id TEXT NOT NULL, created_at TEXT NOT NULL,
  attempts INTEGER NOT NULL, done_at TEXT, last_error TEXT
);
CREATE INDEX IF NOT EXISTS jobs_by_booking ON jobs (booking_id);
CREATE INDEX IF NOT EXISTS jobs_open ON jobs (id) WHERE done_at IS NULL;

CREATE INDEX IF NOT EXISTS conversations_by_room ON conversations (room_id);
CREATE INDEX IF NOT EXISTS room_messages_by_room ON room_messages (room_id);
CREATE INDEX IF NOT EXISTS orders_by_room ON orders (room_id);

-- An event is a row here, in the transaction of its operation, before it is a message (law 3). `data` is emptied once every
-- publisher has accepted it, because the guest event of a check-in carries a raw token.
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, name TEXT NOT NULL,
  data TEXT NOT NULL, room_id INTEGER, booking_id TEXT, created_at TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, last_error TEXT, published_at TEXT, dead INTEGER NOT NULL DEFAULT 0
);
DROP INDEX IF EXISTS outbox_pending;
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_failed ON outbox (booking_id) WHERE last_error IS NOT NULL;

CREATE TABLE IF NOT EXISTS staff (
  id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL, full_name TEXT NOT NULL,
  role TEXT NOT NULL, hotel_id INTEGER NOT NULL REFERENCES hotels (id)
);
-- Hotels a member of staff works in beside their own.
CREATE TABLE IF NOT EXISTS staff_hotels (
  staff_id INTEGER NOT NULL REFERENCES staff (id), hotel_id INTEGER NOT NULL REFERENCES hotels (id),
  PRIMARY KEY (staff_id, hotel_id)
);
CREATE TABLE IF NOT EXISTS staff_tokens (
  token_hash TEXT PRIMARY KEY, staff_id INTEGER NOT NULL REFERENCES staff (id), created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
);

-- The next integer key of each table.
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
-- What the provider states arranged, by run, so that a run can be torn down.
CREATE TABLE IF NOT EXISTS arranged (
  run TEXT NOT NULL, table_name TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (run, table_name, key)
);
