// Triggers with the Node server library and writes each answer, one JSON object per line.
// node trigger.mjs '{"host","port","appId","key","secret","calls":[["trigger", ...], ["triggerBatch", ...], ["get", ...]]}'
import Pusher from "pusher";

const { calls, ...options } = JSON.parse(process.argv[2]);
const pusher = new Pusher({ ...options, useTLS: false });

for (const [method, ...args] of calls) {
  try {
    const response = await pusher[method](...args);
    process.stdout.write(JSON.stringify({ type: "answer", status: response.status, body: await response.json() }) + "\n");
  } catch (error) {
    process.stdout.write(JSON.stringify({ type: "answer", status: error.status, body: error.body }) + "\n");
  }
}
