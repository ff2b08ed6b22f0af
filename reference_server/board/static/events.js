// The stream: newest first, bounded, filtered, each event to be read whole and copied.

import { byId, copy, fill, h } from "./dom.js";

const MOST = 500;
const events = [];
let paused = false, shown = 0, total = 0;

export function subjectOf(envelope) {
  const payload = envelope?.payload ?? {};
  if (payload.booking_id) return payload.booking_id;
  return payload.room_number ? `room ${payload.room_number}` : "";
}

export function addEvent(channel, name, envelope, isNew) {
  total += 1;
  events.unshift({ at: new Date(), channel, name, envelope, isNew, number: total, text: JSON.stringify(envelope, null, 2) });
  events.length = Math.min(events.length, MOST);
  byId("event-count").textContent = String(total);
  byId("latest").textContent = `${name} · ${subjectOf(envelope)} · ${channel}`;
  option("channel", channel);
  option("event", name);
  if (!paused) showEvents();
  else note();
}

function option(field, value) {
  const list = byId("event-filters").elements[field];
  if (![...list.options].some((one) => one.value === value)) list.append(h("option", { value }, value));
}

function matching() {
  const { channel, event, text } = byId("event-filters").elements;
  const needle = text.value.toLowerCase();
  return events.filter((one) => (!channel.value || one.channel === channel.value) && (!event.value || one.name === event.value) && (!needle || one.text.toLowerCase().includes(needle)));
}

function note() {
  const behind = paused ? events.filter((one) => one.number > shown).length : 0;
  byId("event-note").textContent = `${total} events since the page was opened${total > MOST ? `, the last ${MOST} are kept` : ""}.${paused ? ` Paused: ${behind} more have come.` : ""}`;
}

function showEvents() {
  if (byId("view-events").hidden) return;
  shown = total;
  const list = byId("event-list");
  const open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.number));
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const found = matching();
  fill(list, found.map((one) => entry(one, open.has(String(one.number)))), found.length === 0 && h("li", { class: "quiet" }, total ? "No event fits." : "Check somebody in: the events will appear here."));
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  note();
}

function entry(one, isOpen) {
  const button = h("button", { type: "button", "data-key": `copy-${one.number}`, "aria-label": `Copy ${one.name} as JSON` }, "Copy JSON");
  button.addEventListener("click", () => copy(one.text, button));
  return h(
    "li",
    {},
    h("details", { "data-number": String(one.number), open: isOpen },
      h("summary", { "data-key": `event-${one.number}` },
        h("time", { datetime: one.at.toISOString() }, one.at.toLocaleTimeString()), h("strong", {}, one.name), h("span", {}, subjectOf(one.envelope)), h("span", { class: "quiet" }, one.channel),
        !one.isNew && h("span", { class: "tag" }, "delivered again")),
      h("div", { class: "payload" }, button, h("pre", { tabindex: "0" }, one.text))),
  );
}

export function startEvents() {
  const form = byId("event-filters");
  form.addEventListener("input", showEvents);
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("pause").addEventListener("click", (event) => {
    paused = !paused;
    event.currentTarget.setAttribute("aria-pressed", String(paused));
    if (paused) note();
    else showEvents();
  });
  byId("clear").addEventListener("click", () => {
    events.length = 0;
    showEvents();
  });
}

export { showEvents };
