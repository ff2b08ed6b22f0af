// The hotel as this frontend keeps it: rooms, today's arrivals, and what happened, read from the API and kept current by events.
// No markup here, so that it runs in a browser and in Node alike.

export class Hotel {
  // api: where the backend is; slug: which hotel; Pusher: the class of pusher-js; key: the Pusher app's;
  // onChange: called after everything that changes what is below.
  constructor({ api, slug, Pusher, key, onChange = () => {} }) {
    this.rooms = new Map();
    this.arrivals = [];
    this.log = [];
    this.connection = "not connected";
    this.problem = "";
    Object.assign(this, { api, slug, Pusher, key, onChange });
    this.seen = new Set();
    this.reading = Promise.resolve();
  }

  async logIn(username, password) {
    this.token = (await this.#call("/api/staff/login/", { username, password })).token;
    this.#listen();
  }

  // The room does not change here: that is told by the event, as it is to everybody else who looks at the board.
  async checkIn(bookingId) {
    await this.#call(`/api/staff/hotel/${this.slug}/room-bookings/${bookingId}/check-in/`, {});
    this.arrivals = this.arrivals.filter((booking) => booking.booking_id !== bookingId);
    this.onChange();
  }

  close() {
    this.pusher?.disconnect();
  }

  #listen() {
    const { hostname, port, protocol } = new URL(this.api);
    this.pusher = new this.Pusher(this.key, {
      cluster: "local", // pusher-js wants one, whatever the host
      wsHost: hostname,
      wsPort: Number(port),
      wssPort: Number(port),
      forceTLS: protocol === "https:",
      enabledTransports: ["ws", "wss"],
    });
    this.pusher.connection.bind("state_change", ({ current }) => {
      this.connection = current;
      this.onChange();
    });
    const channel = this.pusher.subscribe(`${this.slug}.rooms`);
    // First subscribe, then read, and again after every reconnect: nothing falls between, and what was missed is made up for.
    channel.bind("pusher:subscription_succeeded", () => this.#read().catch((error) => this.#fail(error)));
    channel.bind("room_updated", (event) => this.#hear(event));
  }

  async #read() {
    const staff = `/api/staff/hotel/${this.slug}`;
    const [board, arrivals] = await (this.reading = Promise.all([
      this.#call(`${staff}/turnover/rooms/`),
      this.#call(`${staff}/room-bookings/?bucket=arrivals`),
    ]));
    for (const room of Object.values(board).flatMap((column) => column.rooms)) this.rooms.set(room.room_number, room);
    this.arrivals = arrivals.results.filter((booking) => booking.flags.can_check_in);
    this.problem = "";
    this.onChange();
  }

  #fail(error) {
    this.problem = error.message;
    this.onChange();
  }

  // At least once is what is promised: the same event may come again, with the same id.
  async #hear({ meta, payload }) {
    if (this.seen.has(meta.event_id)) return;
    this.seen.add(meta.event_id);
    await this.reading.catch(() => {}); // or an older answer would overwrite what the event says
    this.rooms.set(payload.room_number, payload);
    this.log.push({ id: meta.event_id, text: `Room ${payload.room_number}: ${payload.room_status_display}` });
    this.onChange();
  }

  async #call(path, body) {
    const headers = { "Content-Type": "application/json" };
    if (this.token) headers.Authorization = `Token ${this.token}`;
    const reply = await fetch(this.api + path, {
      method: body ? "POST" : "GET",
      headers,
      body: body && JSON.stringify(body),
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.error.message);
    return answer;
  }
}
