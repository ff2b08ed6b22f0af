"use strict";
const form = document.querySelector(".filter");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const rules = new Map(); // every place of a rule, by its id: they come and go together
for (const node of all("[data-rule]")) rules.set(node.dataset.rule, [...(rules.get(node.dataset.rule) ?? []), node]);
const texts = new Map();
// The words of a rule, without the lines of its pictures, which hold a little of everything.
const wordsOf = (node) => (node.tagName === "ARTICLE" ? all("h3, h4, blockquote, .todo, .dim, .facts, .more", node) : [node])
  .map((one) => one.textContent).join(" ").toLowerCase();
const textOf = (rule) => {
  if (!texts.has(rule)) texts.set(rule, rules.get(rule).map(wordsOf).join(" "));
  return texts.get(rule);
};

function filter() {
  const { text, verdict, level } = Object.fromEntries(new FormData(form));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [rule, nodes] of rules) {
    const { verdict: found, level: own } = nodes[0].dataset;
    const fits = (!verdict || found === verdict) && (!level || own === level)
      && (words.length === 0 || words.every((word) => textOf(rule).includes(word)));
    for (const node of nodes) node.hidden = !fits;
    shown += fits;
  }
  for (const group of all(".verdicts tbody, .filtered")) group.hidden = !group.querySelector("[data-rule]:not([hidden])");
  const filtering = Boolean(text || verdict || level);
  for (const section of all(".unjudged")) section.hidden = filtering; // its rules are in the table too
  document.querySelector(".nothing").hidden = shown > 0;
  form.querySelector("output").value = filtering ? `${shown} of ${rules.size} rules` : "";
}

function follow() {
  let id;
  try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
  const target = id && document.getElementById(id);
  if (!target) return;
  if (target.closest("[hidden]")) { form.reset(); filter(); }
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  (target.closest(".failure") && !target.closest(".lines") ? target.closest(".failure") : target).scrollIntoView();
}

function picture(figure) {
  const readout = figure.querySelector(".readout");
  const scroll = figure.querySelector(".scroll");
  const items = all("a.item", figure);
  readout.hidden = false;
  const read = (item) => {
    items.forEach((one) => one.classList.toggle("read-out", one === item));
    readout.textContent = item.querySelector("title").textContent;
    readout.classList.toggle("w", item.classList.contains("w"));
  };
  const enter = (item) => {
    items.forEach((one) => one.setAttribute("tabindex", one === item ? "0" : "-1"));
    read(item);
  };
  items.forEach((item, at) => {
    item.addEventListener("pointerenter", () => read(item));
    item.addEventListener("focus", () => enter(item));
    item.addEventListener("click", (event) => { event.preventDefault(); item.focus(); enter(item); });
    item.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to === undefined || !items[to]) return;
      event.preventDefault();
      items[to].focus();
    });
  });
  const first = items.find((item) => item.classList.contains("w")) || items[0];
  items.forEach((item) => item.setAttribute("tabindex", item === first ? "0" : "-1"));
  const show = () => { // the first proof, where it is not in sight already
    const left = first.getBoundingClientRect().left - scroll.getBoundingClientRect().left;
    if (left + 150 > scroll.clientWidth) scroll.scrollLeft = left - 60;
  };
  if (scroll.scrollWidth > scroll.clientWidth) readout.textContent += " The picture goes on sideways.";
  if (figure.closest("details").open) show();
  else figure.closest("details").addEventListener("toggle", show, { once: true });
}

all("figure.timeline").forEach(picture);
form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", follow);
filter();
follow();
