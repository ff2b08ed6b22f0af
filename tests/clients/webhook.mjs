// Reads webhook requests from stdin, {"headers","rawBody"} per line, and writes what the Node server library makes of them.
// node webhook.mjs '{"appId","key","secret"}'
import { createInterface } from "node:readline";
import Pusher from "pusher";

const pusher = new Pusher({ ...JSON.parse(process.argv[2]), cluster: "local" });

createInterface({ input: process.stdin }).on("line", (line) => {
  const webhook = pusher.webhook(JSON.parse(line));
  const valid = webhook.isValid();
  process.stdout.write(
    JSON.stringify({ type: "webhook", valid, events: valid ? webhook.getEvents() : null }) + "\n",
  );
});
