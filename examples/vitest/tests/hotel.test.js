import Pusher from "pusher-js";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";

import { Hotel } from "../../frontend/hotel.js";
import { beginAnew, control, CUT_OFF_ONCE, EVERYTHING_TWICE } from "../../frontend/mock.mjs";

const api = inject("mock");
let hotel;

const room = (number) => hotel.rooms.get(number)?.room_status;
const until = (check) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
// What the mock server did to whom, by the name of the rule.
const doneBy = async (name) => {
  const { entries } = await control(api, "GET", "chaos/log");
  return entries.filter(({ rule }) => rule === name);
};

beforeEach(async () => {
  await beginAnew(api);
  hotel = new Hotel({ api, slug: "grand-demo", Pusher, key: "staycheck" });
  await hotel.logIn("frontdesk", "frontdesk");
  await until(() => expect(hotel.arrivals).not.toEqual([]));
});

afterEach(() => hotel.close());

test("a guest is checked in, and the event says that the room is occupied", async () => {
  const [{ booking_id, room_number }] = hotel.arrivals;
  expect(room(room_number)).toBe("READY_FOR_GUEST");
  await hotel.checkIn(booking_id);
  await until(() => expect(room(room_number)).toBe("OCCUPIED"));
  expect(hotel.log.map(({ text }) => text)).toEqual([`Room ${room_number}: Occupied`]);
});

test("an event that comes twice is shown once", async () => {
  await control(api, "PUT", "chaos", EVERYTHING_TWICE);
  const [first, second] = hotel.arrivals;
  await hotel.checkIn(first.booking_id);
  await hotel.checkIn(second.booking_id);
  // The order of a channel holds: when the second event is here, both copies of the first have been.
  await until(() => expect(room(second.room_number)).toBe("OCCUPIED"));
  expect(hotel.log.map(({ text }) => text)).toEqual([first, second].map((it) => `Room ${it.room_number}: Occupied`));
  expect(await doneBy("twice")).toHaveLength(4); // of each check-in, two events on this channel
});

test("what is missed while the connection is lost is made up for", async () => {
  const [{ booking_id, room_number }] = hotel.arrivals;
  const before = hotel.pusher.connection.socket_id;
  await control(api, "PUT", "chaos", CUT_OFF_ONCE);
  await hotel.checkIn(booking_id);
  await until(() => expect(room(room_number)).toBe("OCCUPIED"));
  expect(hotel.pusher.connection.socket_id).not.toBe(before);
  expect(await doneBy("cut-off")).toHaveLength(1);
});

test("a refusal is told in the backend's words", async () => {
  const [{ booking_id }] = hotel.arrivals;
  await control(api, "POST", "reset", { scenario: "empty-hotel" });
  await expect(hotel.checkIn(booking_id)).rejects.toThrow(/booking/i);
});
