// Begins: who is there, what the hotel looks like, and then the events.

import { ControlApi, StaffApi } from "./api.js";
import { showChaos } from "./chaos.js";
import { showConnect } from "./connect.js";
import { ask, field } from "./dialogs.js";
import { byId, fill, h, tell } from "./dom.js";
import { addEvent, showEvents, startEvents } from "./events.js";
import { Hotel } from "./hotel.js";
import { connect } from "./live.js";
import { emptyPlan, showPlan } from "./plan.js";
import { showClients, showClock, showWorlds, tick } from "./server.js";
import { showStays } from "./stays.js";

const ROLES = { manager: "manager", front_desk: "front desk", housekeeping: "housekeeping" };
const STATES = { connected: "live", connecting: "connecting", unavailable: "no connection", failed: "no connection", disconnected: "disconnected", initialized: "connecting" };
const VIEWS = ["hotel", "events", "server", "connect"];

const control = new ControlApi();
let api = null, pusher = null, target = null, drawing = false;

const hotel = new Hotel(() => {
  // A burst of events is drawn once.
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    showPlan(hotel, api);
    showStays(hotel, api);
  });
});

function problem(text) {
  const element = byId("problem");
  element.hidden = !text;
  element.textContent = text;
}

async function load() {
  try {
    try {
      await hotel.load(api);
    } catch (error) {
      if (error.status !== 401) throw error;
      await become(byId("role").value); // the login has expired, or the server was started anew
      await hotel.load(api);
    }
    problem("");
  } catch (error) {
    problem(`The hotel could not be read: ${error.code}: ${error.message}`);
  }
}

async function become(role) {
  const { username, password } = target.staff[role];
  api = await StaffApi.logIn(username, password);
  byId("hotel").textContent = api.login.hotel_name;
  document.title = `${api.login.hotel_name} · staycheck`;
}

function goLive() {
  const subscribe = target.realtime?.subscribe;
  if (!subscribe || !window.Pusher) {
    byId("connection").textContent = "no realtime here";
    load();
    return;
  }
  const channels = [`${api.login.hotel_slug}.rooms`, `staff-hotel-${api.login.hotel_id}`];
  pusher = connect(subscribe, channels, {
    state: (state) => {
      byId("connection").textContent = STATES[state] ?? state;
      byId("connection").dataset.state = state;
    },
    ready: load,
    event: (channel, name, data) => addEvent(channel, name, data, hotel.take(name, data)),
  });
}

function serverPanels() {
  showClock(control);
  showWorlds(control, load);
  showChaos(control);
  showClients(control, () => pusher?.connection.socket_id);
}

function route() {
  const view = VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "hotel";
  for (const name of VIEWS) byId(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "events") showEvents();
  if (view === "server" && target) serverPanels();
}

async function findTarget() {
  try {
    target = await control.target();
  } catch (error) {
    if (error.status === 401) {
      const token = h("input", { name: "token", type: "password", autocomplete: "off", required: true });
      ask("This server has a control token", [h("p", {}, "It is what STAYCHECK_CONTROL_TOKEN was set to when the server started. It stays in this page."), field("Control token", token)], "Open the board", async (values) => {
        control.token = values.token;
        target = await control.target();
        await begin();
      });
      return false;
    }
    problem(`${error.code}: ${error.message}`);
    return false;
  }
  return true;
}

async function begin() {
  const roles = Object.keys(ROLES).filter((role) => target.staff[role]);
  const chooser = byId("role");
  fill(chooser, roles.map((role) => h("option", { value: role }, ROLES[role])));
  await become(roles[0]);
  const app = target.realtime?.subscribe ?? {};
  showConnect({ base: location.origin, key: app.key ?? "staycheck", appId: app.app_id ?? "1001", slug: api.login.hotel_slug, hotelId: api.login.hotel_id });
  chooser.addEventListener("change", async () => {
    try {
      await become(chooser.value);
      hotel.onchange();
      tell(`You are ${ROLES[chooser.value]} now.`);
    } catch (error) {
      tell(`${error.code}: ${error.message}`, "bad");
    }
  });
  goLive();
  route();
  showClock(control);
  setInterval(tick, 1000);
}

emptyPlan();
startEvents();
window.addEventListener("hashchange", route);
document.querySelector("[data-jump]").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view
  const place = byId(event.currentTarget.dataset.jump);
  place.scrollIntoView();
  place.focus();
});
route();
if (await findTarget()) await begin().catch((error) => problem(`${error.code ?? "ERROR"}: ${error.message}`));
