-- Guests are asked for by the member of the party they were made from, and by the hotel they are in.
CREATE INDEX guests_by_party_member ON guests (party_member_id) WHERE party_member_id IS NOT NULL;
CREATE INDEX guests_in_house ON guests (hotel_id) WHERE room_id IS NOT NULL;
