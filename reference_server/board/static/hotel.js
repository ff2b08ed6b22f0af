// What the page knows of the hotel: read once, then kept by the events alone.

const SEEN = 2_000;

/** Rooms by number and bookings by id. `onchange` is called when something is another than before. */
export class Hotel {
  rooms = new Map();
  bookings = new Map();
  labels = new Map();
  dueOut = new Set();
  #seen = new Set();
  #meanwhile = null;

  constructor(onchange) {
    this.onchange = onchange;
  }

  async load(api) {
    const meanwhile = (this.#meanwhile = []); // events that overtake the answers
    const [board, arrivals, inHouse, departures] = await Promise.all([
      api.rooms(),
      api.bookings("arrivals"),
      api.bookings("in_house"),
      api.bookings("departures"),
    ]);
    this.labels = new Map(Object.entries(board).map(([status, column]) => [status, column.label]));
    this.rooms = new Map(Object.values(board).flatMap((column) => column.rooms.map((room) => [room.room_number, room])));
    this.bookings = new Map([...arrivals.bookings, ...inHouse.bookings].map((booking) => [booking.booking_id, booking]));
    this.dueOut = new Set(departures.bookings.map((booking) => booking.booking_id));
    for (const [name, payload] of meanwhile) this.#apply(name, payload);
    if (this.#meanwhile === meanwhile) this.#meanwhile = null;
    this.onchange();
  }

  /** Take an event in; false when one with its id has been there before (it may be delivered twice). */
  take(name, envelope) {
    const id = envelope?.meta?.event_id;
    if (id !== undefined) {
      if (this.#seen.has(id)) return false;
      this.#seen.add(id);
      if (this.#seen.size > SEEN) this.#seen.delete(this.#seen.values().next().value);
    }
    if (envelope?.payload) {
      this.#meanwhile?.push([name, envelope.payload]);
      this.#apply(name, envelope.payload);
      this.onchange();
    }
    return true;
  }

  #apply(name, payload) {
    if (name === "room_updated" || name === "room_occupancy_updated") this.#room(name, payload);
    else if (payload.booking_id !== undefined && payload.party !== undefined) this.bookings.set(payload.booking_id, payload);
  }

  #room(name, payload) {
    const before = this.rooms.get(payload.room_number);
    if (name === "room_updated") {
      this.rooms.set(payload.room_number, payload);
    } else if (before) {
      const { room_status, is_occupied, is_out_of_order, maintenance_required, guests_in_room } = payload;
      this.rooms.set(payload.room_number, { ...before, room_status, is_occupied, is_out_of_order, maintenance_required, guests_in_room });
    }
  }

  stays(bucket) {
    const all = [...this.bookings.values()].sort((a, b) => (a.booking_id < b.booking_id ? -1 : 1));
    const isIn = (booking) => booking.checked_in_at && !booking.checked_out_at;
    if (bucket === "arrivals") return all.filter((booking) => !booking.checked_in_at && booking.status === "CONFIRMED");
    if (bucket === "in_house") return all.filter(isIn);
    if (bucket === "departures") return all.filter((booking) => isIn(booking) && this.dueOut.has(booking.booking_id));
    return all.filter((booking) => booking.checked_out_at);
  }
}

export function guestName(booking) {
  const primary = booking.party?.primary ?? booking.booker;
  return primary ? `${primary.first_name} ${primary.last_name}`.trim() || booking.booking_id : booking.booking_id;
}
