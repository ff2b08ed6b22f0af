// The public API and the control surface; every path of the board stands here and nowhere else.

/** A refusal as the contract words it: `code` and `message`, with the HTTP status. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function ask(path, { method = "GET", body, headers = {} } = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let reply;
  try {
    reply = await fetch(path, options);
  } catch {
    throw new Refusal(0, "NO_ANSWER", "The server did not answer.");
  }
  const text = await reply.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    throw new Refusal(reply.status, `HTTP_${reply.status}`, "The answer is no JSON.");
  }
  if (!reply.ok) throw new Refusal(reply.status, value?.error?.code ?? `HTTP_${reply.status}`, value?.error?.message ?? "");
  return value;
}

const part = encodeURIComponent;

/** What a member of staff may ask. */
export class StaffApi {
  constructor(login) {
    this.login = login;
    this.base = `/api/staff/hotel/${part(login.hotel_slug)}`;
  }

  static async logIn(username, password) {
    return new StaffApi(await ask("/api/staff/login/", { method: "POST", body: { username, password } }));
  }

  may(module, action) {
    return this.login.rbac?.[module]?.actions?.[action] === true;
  }

  get(path) {
    return ask(this.base + path, { headers: { Authorization: `Token ${this.login.token}` } });
  }

  post(path, body) {
    return ask(this.base + path, { method: "POST", body, headers: { Authorization: `Token ${this.login.token}` } });
  }

  rooms = () => this.get("/turnover/rooms/");

  /** All bookings of a bucket, page by page. */
  async bookings(bucket) {
    const found = [];
    for (let page = 1; ; page += 1) {
      const reply = await this.get(`/room-bookings/?bucket=${bucket}&page_size=100&page=${page}`);
      found.push(...reply.results);
      if (!reply.next) return { bookings: found, counts: reply.bucket_counts };
    }
  }

  booking = (id) => this.get(`/room-bookings/${part(id)}/`);
  availableRooms = (id) => this.get(`/room-bookings/${part(id)}/available-rooms/`);
  checkIn = (id) => this.post(`/room-bookings/${part(id)}/check-in/`);
  checkOut = (id) => this.post(`/room-bookings/${part(id)}/check-out/`);
  assign = (id, room_id) => this.post(`/room-bookings/${part(id)}/safe-assign-room/`, { room_id });
  unassign = (id) => this.post(`/room-bookings/${part(id)}/unassign-room/`);
  move = (id, to_room_id, reason) => this.post(`/room-bookings/${part(id)}/move-room/`, { to_room_id, ...(reason && { reason }) });
  startCleaning = (number) => this.post(`/rooms/${number}/start-cleaning/`);
  markCleaned = (number) => this.post(`/rooms/${number}/mark-cleaned/`);
  inspect = (number, passed, notes) => this.post(`/rooms/${number}/inspect/`, { passed, ...(notes && { notes }) });
  markMaintenance = (number, priority, notes) => this.post(`/rooms/${number}/mark-maintenance/`, { priority, ...(notes && { notes }) });
  completeMaintenance = (number) => this.post(`/rooms/${number}/complete-maintenance/`);
  override = (room_id, to_status, note) => this.post(`/housekeeping/rooms/${room_id}/manager_override/`, { to_status, note });
  history = (room_id) => this.get(`/housekeeping/rooms/${room_id}/status-history/?limit=20`);
}

/** The control surface under `/_staycheck/`. `token` is asked for when the server wants one; it is kept in the page alone. */
export class ControlApi {
  token = null;

  send(path, method = "GET", body = undefined) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    return ask(`/_staycheck/${path}`, { method, body, headers });
  }

  target = () => this.send("target.json");
  clock = () => this.send("clock");
  setClock = (change) => this.send("clock", "POST", change);
  scenarios = () => this.send("scenarios");
  reset = (scenario) => this.send("reset", "POST", scenario ? { scenario } : {});
  snapshots = () => this.send("snapshots");
  takeSnapshot = (name) => this.send("snapshots", "POST", name ? { name } : {});
  restore = (name) => this.send(`snapshots/${part(name)}/restore`, "POST");
  forget = (name) => this.send(`snapshots/${part(name)}`, "DELETE");
  chaos = () => this.send("chaos");
  chaosPresets = () => this.send("chaos/presets");
  chaosLog = () => this.send("chaos/log");
  setChaos = (plan) => this.send("chaos", "PUT", plan);
  endChaos = () => this.send("chaos", "DELETE");
  connections = () => this.send("connections");
  close = (socket, code) => this.send(`connections/${part(socket)}/close`, "POST", code ? { code } : {});
}
