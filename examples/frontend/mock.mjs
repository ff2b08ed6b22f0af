// Starts `staycheck serve` from a test runner, and talks to its control surface. It ends with whoever started it, even when that
// is killed. The program: the environment variable STAYCHECK, or `staycheck` on the PATH.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// Resolves to { url, stop }. `options` are those of `staycheck serve`, such as ["--scenario", "quiet-morning"].
export async function startMock(options = []) {
  const [program, ...first] = (process.env.STAYCHECK ?? "staycheck").split(" ");
  const server = spawn(program, [...first, "serve", "--port", "0", "--announce", "--stop-with-stdin", ...options], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve, reject) => {
    server.once("error", reject).once("exit", (code) => reject(new Error(`${program} serve ended with code ${code}`)));
  });
  const [line] = await Promise.race([once(createInterface(server.stdout), "line"), ended]);
  ended.catch(() => {}); // from now on it ends when it is told to
  const stop = async () => {
    if (server.exitCode !== null) return;
    server.stdin.end();
    await once(server, "exit");
  };
  return { url: JSON.parse(line).url, stop };
}

// One call of the control surface: control(url, "POST", "reset"). Call it from Node, not from a page: pages of another origin
// are turned away.
export async function control(url, method, path, body) {
  const reply = await fetch(`${url}/_staycheck/${path}`, { method, body: body && JSON.stringify(body) });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${text}`);
  return text ? JSON.parse(text) : null;
}

// Before each test: a hotel at the beginning of its day, and nothing that goes wrong on purpose. Without a scenario the hotel begins
// with the one it has now, which may be another test's.
export async function beginAnew(url, scenario = "quiet-morning") {
  await control(url, "DELETE", "chaos");
  await control(url, "POST", "reset", { scenario });
}

// Two things for PUT chaos. Every event comes twice, the copy with the same event_id:
export const EVERYTHING_TWICE = {
  rules: [{ name: "twice", on: { channel: "rooms" }, do: { duplicate: { copies: 1 } } }],
};

// All connections are cut off right before the next event, which therefore nobody gets:
export const CUT_OFF_ONCE = {
  rules: [{ name: "cut-off", on: { channel: "rooms" }, do: { disconnect: { when: "before" } }, times: 1 }],
};
