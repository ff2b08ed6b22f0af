// The rooms, floor by floor. A status is a colour, a sign and a word: none of them alone.

import { roomActions, stayActions } from "./actions.js";
import { show } from "./dialogs.js";
import { byId, fill, h, refill } from "./dom.js";
import { guestName } from "./hotel.js";

const SIGNS = {
  READY_FOR_GUEST: "✓", OCCUPIED: "●", CHECKOUT_DIRTY: "✗", CLEANING_IN_PROGRESS: "↻", CLEANED_UNINSPECTED: "?",
  MAINTENANCE_REQUIRED: "!", OUT_OF_ORDER: "⊘",
};

let only = "";

export function showPlan(hotel, api) {
  const rooms = [...hotel.rooms.values()].sort((a, b) => a.room_number - b.room_number);
  const count = (status) => rooms.filter((room) => room.room_status === status).length;
  const filter = (status, label, total) =>
    h(
      "button",
      { type: "button", "data-key": `filter-${status}`, "data-status": status || null, class: "chip", "aria-pressed": String(only === status), onclick: () => { only = status; showPlan(hotel, api); } },
      status && h("span", { "aria-hidden": "true", class: "sign" }, SIGNS[status] ?? "·"), label, h("span", { class: "count" }, String(total)),
    );
  refill(byId("filters"), filter("", "All", rooms.length), [...hotel.labels].map(([status, label]) => filter(status, label, count(status))));
  const floors = new Map();
  for (const room of rooms) {
    if (only && room.room_status !== only) continue;
    const floor = Math.floor(room.room_number / 100);
    floors.set(floor, [...(floors.get(floor) ?? []), room]);
  }
  refill(
    byId("floors"),
    [...floors].map(([floor, found]) =>
      h("section", { class: "floor", "aria-label": `Floor ${floor}` }, h("h3", {}, `Floor ${floor}`), h("ul", { class: "rooms" }, found.map((room) => h("li", {}, tile(room, hotel, api)))))),
    floors.size === 0 && h("p", { class: "quiet" }, "No room has this status."),
  );
}

function tile(room, hotel, api) {
  const label = hotel.labels.get(room.room_status) ?? room.room_status;
  const guest = room.guests_in_room?.[0];
  const who = guest ? `${guest.first_name} ${guest.last_name}` : "";
  return h(
    "button",
    { type: "button", class: "room", "data-key": `room-${room.room_number}`, "data-status": room.room_status, onclick: () => open(room.room_number, hotel, api) },
    h("span", { class: "number" }, String(room.room_number)),
    h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[room.room_status] ?? "·"),
    h("span", { class: "status" }, label),
    h("span", { class: "guest" }, who),
  );
}

function open(number, hotel, api) {
  const room = hotel.rooms.get(number);
  const booking = [...hotel.bookings.values()].find((one) => one.checked_in_at && !one.checked_out_at && one.room_number === number);
  const guests = room.guests_in_room ?? [];
  const fact = (name, value) => (value ? [h("dt", {}, name), h("dd", {}, value)] : []);
  show(`Room ${number}`, [
    h("dl", { class: "facts" },
      fact("Status", hotel.labels.get(room.room_status) ?? room.room_status),
      fact("Type", `${room.room_type}, up to ${room.max_occupancy}`),
      fact("In the room", guests.map((guest) => `${guest.first_name} ${guest.last_name}${guest.guest_type === "WALKIN" ? " (walk-in)" : ""}`).join(", ")),
      fact("Booking", booking && `${booking.booking_id}, ${guestName(booking)}, until ${booking.check_out}`),
      fact("Maintenance", room.maintenance_required && [room.maintenance_priority, room.maintenance_notes].filter(Boolean).join(": ")),
      fact("Turnover notes", room.turnover_notes)),
    h("div", { class: "actions wrap" }, roomActions(api, room, hotel.labels), booking ? stayActions(api, booking) : null),
  ]);
  // A button of the dialog that asks on opens the next dialog in the same place; one that acts is done with it.
  byId("dialog").querySelectorAll(".wrap button").forEach((button) => button.addEventListener("click", () => {
    const dialog = byId("dialog");
    if (dialog.querySelector(".facts")) dialog.close();
  }, { capture: true }));
}

export const emptyPlan = () => fill(byId("floors"), h("p", { class: "quiet" }, "Loading the rooms."));
