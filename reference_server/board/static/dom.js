// Elements without markup in strings: names and notes of guests are text, never HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** Replace what an element shows, and give the focus back to the button it was on; to the nearest one when that is gone. */
export function refill(element, ...children) {
  const keyed = () => [...element.querySelectorAll("[data-key]")];
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const before = focused === undefined ? [] : keyed().map((button) => button.dataset.key);
  fill(element, ...children);
  if (focused === undefined) return;
  const left = new Map(keyed().filter((button) => !button.disabled).map((button) => [button.dataset.key, button]));
  const at = before.indexOf(focused);
  const nearest = [...before.slice(at), ...before.slice(0, at).reverse()].find((key) => left.has(key));
  if (nearest !== undefined) {
    left.get(nearest).focus();
  } else {
    element.tabIndex = -1;
    element.focus();
  }
}

let telling;

/** Say something to whoever looks or listens, for a while. */
export function tell(text, kind = "good") {
  const told = byId("told");
  told.dataset.kind = kind;
  told.textContent = text;
  clearTimeout(telling);
  telling = setTimeout(() => (told.textContent = ""), kind === "bad" ? 12_000 : 5_000);
}

export async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    tell("Copied.");
  } catch {
    const area = h("textarea", { value: text, class: "unseen", "aria-hidden": "true" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy"); // where a page without TLS has no clipboard
    area.remove();
    tell(done ? "Copied." : "The browser does not let a page copy here.", done ? "good" : "bad");
  }
  button?.focus();
}
