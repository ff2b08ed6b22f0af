// The panels of the control surface: clock, scenarios and snapshots, clients.

import { field, select } from "./dialogs.js";
import { byId, fill, h, refill, tell } from "./dom.js";

const body = (panel) => byId(panel).querySelector(".body");

export async function acting(work, done, after) {
  try {
    const answer = await work();
    if (done) tell(done);
    await after?.(answer);
  } catch (error) {
    tell(error.code ? `${error.code}: ${error.message}` : error.message, "bad");
  }
}

/** Fill a panel with what `read` answers, or say that this server does not have it. */
export async function panel(id, read, show) {
  try {
    refill(body(id), show(await read()));
  } catch (error) {
    fill(body(id), h("p", { class: "quiet" }, error.status === 404 ? "Not available on this server." : `${error.code}: ${error.message}`));
  }
}

const button = (key, text, onclick, main = false) => h("button", { type: "button", "data-key": key, class: main ? "main" : null, onclick }, text);

let clock = null, readAt = 0;

function now() {
  return clock && new Date(new Date(clock.now).getTime() + (performance.now() - readAt) * clock.rate);
}

export function tick() {
  const element = byId("clock");
  element.hidden = clock === null;
  if (clock) element.textContent = `${now().toLocaleString()}${clock.rate === 0 ? ", frozen" : clock.rate === 1 ? "" : `, ×${clock.rate}`}`;
}

export const showClock = (control) =>
  panel("panel-clock", control.clock, (found) => {
    clock = found;
    readAt = performance.now();
    tick();
    const set = (change, done) => acting(() => control.setClock(change), done, () => showClock(control));
    const when = h("input", { type: "datetime-local", step: "1", value: new Date(now().getTime() - now().getTimezoneOffset() * 60_000).toISOString().slice(0, 19) });
    return [
      h("p", { class: "big" }, now().toLocaleString()),
      h("p", { class: "quiet" }, found.rate === 0 ? "The hotel's clock stands still." : found.rate === 1 ? "The hotel's clock runs as yours does." : `The hotel's clock runs ${found.rate} times as fast as yours.`),
      h("p", { class: "actions wrap" },
        found.rate === 0 ? button("run", "Let it run", () => set({ rate: 1 }, "The clock runs.")) : button("freeze", "Freeze", () => set({ rate: 0 }, "The clock stands still.")),
        button("fast", "A minute a second", () => set({ rate: 60 }, "The clock runs fast.")),
        button("hour", "An hour on", () => set({ advance: 3600 }, "An hour later.")),
        button("day", "A day on", () => set({ advance: 86_400 }, "A day later."))),
      field("Set to", when),
      h("p", { class: "actions" }, button("set", "Set", () => set({ now: new Date(when.value).toISOString() }, "The clock is set."))),
    ];
  });

/** `reload` reads the hotel again: another one is there now. */
export const showWorlds = (control, reload) =>
  panel("panel-worlds", async () => ({ ...(await control.scenarios()), ...(await control.snapshots()) }), ({ current, scenarios, snapshots }) => {
    const again = async () => {
      await showWorlds(control, reload);
      await reload();
    };
    const choice = select("scenario", scenarios.map((one) => [one.name, one.title]), current ?? undefined);
    const about = h("p", { class: "quiet" });
    const tellAbout = () => (about.textContent = scenarios.find((one) => one.name === choice.value)?.description ?? "");
    choice.addEventListener("input", tellAbout);
    tellAbout();
    const name = h("input", { maxlength: 60, autocomplete: "off", placeholder: "before the rush" });
    return [
      field("Scenario", choice), about,
      h("p", { class: "actions" }, button("reset", "Begin anew", () => acting(() => control.reset(choice.value), "The hotel has begun anew.", again), true)),
      h("h3", {}, "Snapshots"),
      snapshots.length === 0 && h("p", { class: "quiet" }, "None yet. A snapshot is the whole hotel at a moment; restoring it takes no time."),
      h("ul", { class: "rows" }, snapshots.map((one) =>
        h("li", {}, h("span", {}, one.name), h("time", { class: "quiet" }, new Date(one.taken_at).toLocaleTimeString()),
          button(`restore-${one.name}`, "Restore", () => acting(() => control.restore(one.name), `Restored: ${one.name}.`, again)),
          button(`forget-${one.name}`, "Forget", () => acting(() => control.forget(one.name), "Forgotten.", again))))),
      field("Name (if you like)", name),
      h("p", { class: "actions" }, button("take", "Take a snapshot", () => acting(() => control.takeSnapshot(name.value), "Taken.", again))),
    ].filter(Boolean);
  });

export const showClients = (control, own) =>
  panel("panel-clients", control.connections, ({ connections }) => [
    h("p", { class: "quiet" }, connections.length === 1 ? "One client is connected: this page, most likely." : `${connections.length} clients are connected.`),
    h("ul", { class: "rows clients" }, connections.map((one) =>
      h("li", {},
        h("div", {}, h("code", {}, one.socket_id), own() === one.socket_id && h("span", { class: "tag" }, "this page"), one.user_id && h("span", { class: "tag" }, `user ${one.user_id}`),
          h("p", { class: "quiet" }, one.channels.length ? one.channels.join(", ") : "no channel", one.queued ? `; ${one.queued} frames wait` : "")),
        button(`close-${one.socket_id}`, "Reconnect it", () => acting(() => control.close(one.socket_id, 4200), "Closed with 4200: it should come back at once.", () => showClients(control, own)))))),
    h("p", { class: "actions" }, button("refresh", "Refresh", () => showClients(control, own))),
  ]);
