// One dialog element for every question; the browser keeps the focus in it and gives it back.

import { byId, fill, h } from "./dom.js";

let last = 0;

export function field(label, control) {
  control.id ||= `field-${(last += 1)}`;
  return h("p", { class: "field" }, h("label", { for: control.id }, label), control);
}

export function select(name, options, value) {
  const element = h("select", { name }, options.map(([key, text]) => h("option", { value: key }, text)));
  if (value !== undefined) element.value = value;
  return element;
}

/** Ask; `parts` are elements, `onsend(values)` gets the form's fields and may throw, which keeps the dialog open. */
export function ask(title, parts, submit, onsend) {
  const dialog = byId("dialog");
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const form = h(
    "form",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await onsend(Object.fromEntries(new FormData(form)));
          dialog.close();
        } catch (error) {
          problem.textContent = error.code ? `${error.code}: ${error.message}` : error.message;
          problem.hidden = false;
        }
      },
    },
    h("h2", { id: "dialog-title" }, title),
    problem,
    parts,
    h("p", { class: "actions" }, h("button", { type: "submit", class: "main" }, submit), h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")),
  );
  fill(dialog, form);
  dialog.showModal();
}

/** Show something; `parts` are elements. */
export function show(title, parts) {
  const dialog = byId("dialog");
  fill(dialog, h("h2", { id: "dialog-title" }, title), parts, h("p", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
}

export const closeDialog = () => byId("dialog").close();
