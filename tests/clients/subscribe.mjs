// Subscribes with pusher-js and writes what happens, one JSON object per line, until it is killed.
// node subscribe.mjs '{"host","port","key","channels":[],"authEndpoint"?|"signWithSecret"?,"tls"?}'
import { createHmac } from "node:crypto";
import PusherModule from "pusher-js";

const Pusher = PusherModule.default ?? PusherModule;
const config = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

function channelAuthorization() {
  if (config.authEndpoint) {
    return { endpoint: config.authEndpoint, transport: "ajax" };
  }
  if (config.signWithSecret) {
    return {
      customHandler: ({ socketId, channelName }, callback) => {
        const signature = createHmac("sha256", config.signWithSecret)
          .update(`${socketId}:${channelName}`)
          .digest("hex");
        callback(null, { auth: `${config.key}:${signature}` });
      },
    };
  }
  return undefined;
}

const pusher = new Pusher(config.key, {
  cluster: "local", // pusher-js insists on it although wsHost is given
  wsHost: config.host,
  wsPort: config.port,
  wssPort: config.port,
  forceTLS: config.tls ?? false,
  enabledTransports: ["ws"],
  channelAuthorization: channelAuthorization(),
});

pusher.connection.bind("state_change", ({ current }) => say({ type: "state", current }));
pusher.connection.bind("connected", () => say({ type: "connected", socketId: pusher.connection.socket_id }));
pusher.connection.bind("error", (error) => say({ type: "error", error: error?.data ?? error?.error?.data ?? null }));

for (const name of config.channels) {
  const channel = pusher.subscribe(name);
  channel.bind("pusher:subscription_succeeded", () => say({ type: "subscribed", channel: name }));
  channel.bind("pusher:subscription_error", (error) => say({ type: "refused", channel: name, status: error.status }));
  channel.bind_global((event, data) => {
    if (!event.startsWith("pusher:")) say({ type: "event", channel: name, event, data });
  });
}
