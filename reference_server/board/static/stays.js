// Arrivals, guests in house and departures, with what can be done.

import { stayActions } from "./actions.js";
import { byId, h, refill } from "./dom.js";
import { guestName } from "./hotel.js";

const BUCKETS = [["arrivals", "Arrivals"], ["in_house", "In house"], ["departures", "Due out"], ["departed", "Checked out here"]];
const EMPTY = { arrivals: "Nobody is expected any more.", in_house: "Nobody is in house.", departures: "Nobody is due out.", departed: "Nobody was checked out since the page was opened." };

let bucket = "arrivals";

export function showStays(hotel, api) {
  const of = new Map(BUCKETS.map(([name]) => [name, hotel.stays(name)]));
  refill(
    byId("buckets"),
    BUCKETS.map(([name, label]) =>
      h("button", { type: "button", class: "chip", "data-key": `bucket-${name}`, "aria-pressed": String(bucket === name), onclick: () => { bucket = name; showStays(hotel, api); } }, label, h("span", { class: "count" }, String(of.get(name).length)))),
  );
  const found = of.get(bucket);
  refill(byId("stay-list"), found.map((booking) => card(booking, hotel, api)), found.length === 0 && h("li", { class: "quiet" }, EMPTY[bucket]));
}

function card(booking, hotel, api) {
  const room = booking.room && hotel.rooms.get(booking.room.room_number);
  const notes = [
    !booking.room && "no room yet",
    room && !booking.checked_in_at && !room.is_bookable && `room is ${(hotel.labels.get(room.room_status) ?? room.room_status).toLowerCase()}`,
    booking.party_complete === false && `party incomplete, ${booking.party_missing_count} missing`,
    booking.checked_in_at && !booking.checked_out_at && hotel.dueOut.has(booking.booking_id) && "due out",
  ].filter(Boolean);
  return h(
    "li",
    { class: "stay", "data-booking": booking.booking_id },
    h("div", {},
      h("h3", {}, guestName(booking)),
      h("p", { class: "quiet" }, `${booking.booking_id} · ${booking.check_in} to ${booking.check_out} · ${booking.party.total_count} ${booking.party.total_count === 1 ? "guest" : "guests"}`),
      notes.length > 0 && h("p", { class: "notes" }, notes.join(" · "))),
    h("p", { class: "in-room" }, h("span", { class: "quiet" }, "Room"), h("strong", {}, booking.room_number ? String(booking.room_number) : "none")),
    h("div", { class: "actions" }, stayActions(api, booking)),
  );
}
