// The chaos panel: a preset, the rules in force, and what was done to whom.

import { field, select } from "./dialogs.js";
import { h } from "./dom.js";
import { acting, panel } from "./server.js";

const ruleLine = (rule) => h("li", {}, h("span", {}, rule.name ?? "rule"), h("code", {}, JSON.stringify({ on: rule.on, do: rule.do })));

const logLine = (entry) =>
  h("li", {}, h("time", { class: "quiet" }, new Date(entry.at).toLocaleTimeString()), h("span", {}, `${entry.action}`), h("span", { class: "quiet" }, typeof entry.target === "string" ? entry.target : JSON.stringify(entry.target)));

export const showChaos = (control) =>
  panel(
    "panel-chaos",
    async () => ({ plan: await control.chaos(), presets: (await control.chaosPresets()).presets, log: (await control.chaosLog()).entries }),
    ({ plan, presets, log }) => {
      const again = () => showChaos(control);
      const choice = select("preset", presets.map((one) => [one.name, one.title]), plan.preset ?? undefined);
      const about = h("p", { class: "quiet" });
      const tellAbout = () => (about.textContent = presets.find((one) => one.name === choice.value)?.description ?? "");
      choice.addEventListener("input", tellAbout);
      tellAbout();
      const seed = h("input", { type: "number", min: 0, step: 1, value: String(plan.seed ?? 0) });
      const on = plan.rules.length > 0;
      return [
        h("p", { class: on ? "notes" : "quiet" }, on ? `On: ${plan.preset ?? "a plan of your own"}, seed ${plan.seed}.` : "Off: everything arrives once, in order and soon."),
        on && h("ul", { class: "rows" }, plan.rules.map(ruleLine)),
        field("Preset", choice), about, field("Seed", seed),
        h("p", { class: "actions" },
          h("button", { type: "button", "data-key": "chaos-on", class: "main", onclick: () => acting(() => control.setChaos({ preset: choice.value, seed: Number(seed.value) }), "Chaos begins.", again) }, "Begin"),
          h("button", { type: "button", "data-key": "chaos-off", disabled: !on, onclick: () => acting(() => control.endChaos(), "Chaos has ended.", again) }, "End"),
          h("button", { type: "button", "data-key": "chaos-log", onclick: again }, "Refresh")),
        log.length > 0 && h("h3", {}, "What was done to whom"),
        log.length > 0 && h("ol", { class: "rows log", reversed: true, tabindex: "0", "aria-label": "What was done to whom" }, log.slice(-100).reverse().map(logLine)),
      ].filter(Boolean);
    },
  );
