// What staff can do, as buttons: each knows the permission it takes and the call it makes.

import { ask, field, select, show } from "./dialogs.js";
import { h, tell } from "./dom.js";
import { guestName } from "./hotel.js";

const PRIORITIES = [["LOW", "Low"], ["MED", "Medium"], ["HIGH", "High"]];

async function doing(button, text, work) {
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await work();
    tell(answer?.message ?? text);
  } catch (error) {
    tell(error.code ? `${error.code}: ${error.message}` : error.message, "bad");
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

function action(key, label, allowed, onclick, main = false) {
  return h(
    "button",
    {
      type: "button", "data-key": key, class: main ? "main" : null, disabled: !allowed,
      title: allowed ? null : "Your role may not do this.", onclick: (event) => onclick(event.currentTarget),
    },
    label,
  );
}

async function chooseRoom(api, booking, moving) {
  let rooms;
  try {
    // A guest who is in house is offered the rooms that stand ready; the server has the last word.
    rooms = moving
      ? Object.values(await api.rooms()).flatMap((column) => column.rooms).filter((room) => room.is_bookable)
      : (await api.availableRooms(booking.booking_id)).available_rooms;
  } catch (error) {
    tell(`${error.code}: ${error.message}`, "bad");
    return;
  }
  if (rooms.length === 0) {
    tell("There is no room to give.", "bad");
    return;
  }
  const choice = select("room", rooms.map((room) => [room.id, `${room.room_number}, ${room.room_type}${room.is_bookable ? "" : ", not ready"}`]));
  const reason = h("input", { name: "reason", maxlength: 200 });
  ask(
    `${moving ? "Move" : "Assign a room to"} ${guestName(booking)}`,
    [field("Room", choice), moving ? field("Reason", reason) : null].filter(Boolean),
    moving ? "Move" : "Assign",
    async (values) => {
      const answer = moving ? await api.move(booking.booking_id, Number(values.room), values.reason) : await api.assign(booking.booking_id, Number(values.room));
      tell(answer.message);
    },
  );
}

export function stayActions(api, booking) {
  const id = booking.booking_id;
  if (booking.checked_out_at) return [];
  if (booking.checked_in_at) {
    return [
      action(`out-${id}`, "Check out", api.may("bookings", "checkout"), (b) => doing(b, "Checked out.", () => api.checkOut(id)), true),
      action(`move-${id}`, "Move", api.may("bookings", "assign_room"), () => chooseRoom(api, booking, true)),
    ];
  }
  return [
    action(`in-${id}`, "Check in", api.may("bookings", "checkin"), (b) => doing(b, "Checked in.", () => api.checkIn(id)), booking.flags?.can_check_in),
    action(`assign-${id}`, booking.room ? "Other room" : "Assign room", api.may("bookings", "assign_room"), () => chooseRoom(api, booking, false)),
    booking.room && action(`unassign-${id}`, "Unassign", api.may("bookings", "assign_room"), (b) => doing(b, "Unassigned.", () => api.unassign(id))),
  ].filter(Boolean);
}

function maintenance(api, room) {
  const notes = h("textarea", { name: "notes", rows: 3 });
  ask(`Room ${room.room_number} needs maintenance`, [field("Priority", select("priority", PRIORITIES, "MED")), field("Notes", notes)], "Report", async (values) =>
    tell((await api.markMaintenance(room.room_number, values.priority, values.notes)).message));
}

function inspection(api, room) {
  const notes = h("textarea", { name: "notes", rows: 2 });
  const verdict = select("verdict", [["passed", "Passed: ready for the next guest"], ["failed", "Failed: to be cleaned again"]]);
  ask(`Inspect room ${room.room_number}`, [field("Verdict", verdict), field("Notes", notes)], "Save", async (values) =>
    tell((await api.inspect(room.room_number, values.verdict === "passed", values.notes)).message));
}

function override(api, room, labels) {
  const others = [...labels].filter(([status]) => status !== room.room_status);
  const note = h("textarea", { name: "note", rows: 2 });
  ask(`Override the status of room ${room.room_number}`, [field("New status", select("to", others)), field("Note (the contract wants one)", note)], "Override", async (values) =>
    tell((await api.override(room.room_id, values.to, values.note)).message));
}

async function history(api, room) {
  try {
    const found = await api.history(room.room_id);
    const rows = found.status_history.map((row) =>
      h("li", {}, h("time", {}, new Date(row.created_at).toLocaleString()), ` ${row.from_status} to ${row.to_status}`, h("span", { class: "quiet" }, ` ${row.source}${row.changed_by_name ? `, ${row.changed_by_name}` : ""}${row.note ? `: ${row.note}` : ""}`)));
    show(`Room ${room.room_number}: ${found.total_events} changes of status`, [h("ol", { class: "rows" }, rows)]);
  } catch (error) {
    tell(`${error.code}: ${error.message}`, "bad");
  }
}

export function roomActions(api, room, labels) {
  const number = room.room_number;
  const clean = api.may("housekeeping", "status_transition");
  const buttons = [];
  if (room.room_status === "CHECKOUT_DIRTY") buttons.push(action("start", "Start cleaning", clean, (b) => doing(b, "Cleaning.", () => api.startCleaning(number)), true));
  if (["CHECKOUT_DIRTY", "CLEANING_IN_PROGRESS"].includes(room.room_status)) buttons.push(action("cleaned", "Mark cleaned", clean, (b) => doing(b, "Cleaned.", () => api.markCleaned(number)), room.room_status === "CLEANING_IN_PROGRESS"));
  if (room.room_status === "CLEANED_UNINSPECTED") buttons.push(action("inspect", "Inspect", api.may("rooms", "inspect"), () => inspection(api, room), true));
  if (room.room_status === "MAINTENANCE_REQUIRED") buttons.push(action("done", "Maintenance done", api.may("rooms", "maintenance_clear"), (b) => doing(b, "Done.", () => api.completeMaintenance(number)), true));
  else buttons.push(action("maintenance", "Needs maintenance", api.may("rooms", "maintenance_flag"), () => maintenance(api, room)));
  buttons.push(action("override", "Override", api.may("housekeeping", "status_override"), () => override(api, room, labels)));
  buttons.push(action("history", "History", true, () => history(api, room)));
  return buttons;
}
