// One dialog element for every question; the browser keeps the focus in it.

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

let origin;

/** Open the dialog; when it closes the focus goes back to the button it came from, which may have been drawn anew. One
 * dialog may open the next: then both came from the same button. */
function open(dialog) {
  origin = document.activeElement?.dataset.key ?? origin;
  dialog.showModal();
  dialog.onclose = () => {
    if (dialog.open) return;
    const back = origin && document.querySelector(`main [data-key="${CSS.escape(origin)}"]`);
    const at = document.activeElement; // still in the closed dialog where the browser had nothing to give the focus back to
    if (back && (at === document.body || dialog.contains(at))) back.focus();
    origin = undefined;
  };
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
  open(dialog);
}

/** Show something; `parts` are elements. */
export function show(title, parts) {
  const dialog = byId("dialog");
  fill(dialog, h("h2", { id: "dialog-title" }, title), parts, h("p", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  open(dialog);
}

export const closeDialog = () => byId("dialog").close();
