// Subscribes with pusher-js and writes what happens, one JSON object per line, until it is killed. Reads commands from
// stdin, one JSON object per line: {"do": "trigger" | "subscribe" | "unsubscribe" | "signin" | "members", ...}.
// node subscribe.mjs '{"host","port","key","channels":[],"authEndpoint"?,"authHeaders"?|"signWithSecret"?,"userAuthEndpoint"?,"tls"?}'
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import PusherModule from "pusher-js";

const Pusher = PusherModule.default ?? PusherModule;
const config = JSON.parse(process.argv[2]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

function channelAuthorization() {
  if (config.authEndpoint) {
    return { endpoint: config.authEndpoint, transport: "ajax", headers: config.authHeaders ?? {} };
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
  userAuthentication: config.userAuthEndpoint
    ? { endpoint: config.userAuthEndpoint, transport: "ajax" }
    : undefined,
});

pusher.connection.bind("state_change", ({ current }) => say({ type: "state", current }));
pusher.connection.bind("connected", () => say({ type: "connected", socketId: pusher.connection.socket_id }));
pusher.connection.bind("error", (error) => say({ type: "error", error: error?.data ?? error?.error?.data ?? null }));
pusher.connection.bind("message", ({ event, data }) => {
  if (event === "pusher:signin_success") say({ type: "signed in", data });
});
pusher.user.bind_global((event, data) => say({ type: "user event", event, data }));

function members(channel) {
  return { me: channel.members.myID, count: channel.members.count, members: channel.members.members };
}

function listen(name) {
  const channel = pusher.subscribe(name);
  channel.bind("pusher:subscription_succeeded", () =>
    say({ type: "subscribed", channel: name, ...(channel.members ? members(channel) : {}) }),
  );
  channel.bind("pusher:subscription_error", (error) =>
    say({ type: "refused", channel: name, status: error.status, kind: error.type }),
  );
  channel.bind("pusher:subscription_count", () =>
    say({ type: "counted", channel: name, count: channel.subscriptionCount }),
  );
  channel.bind("pusher:cache_miss", () => say({ type: "cache miss", channel: name }));
  channel.bind("pusher:member_added", (member) => say({ type: "member added", channel: name, member }));
  channel.bind("pusher:member_removed", (member) => say({ type: "member removed", channel: name, member }));
  channel.bind_global((event, data) => {
    if (!event.startsWith("pusher:")) say({ type: "event", channel: name, event, data });
  });
  channel.bind("client-typing", (data, metadata) => say({ type: "typing", channel: name, data, ...metadata }));
}

const commands = {
  trigger: ({ channel, event, data }) => pusher.channel(channel).trigger(event, data),
  subscribe: ({ channel }) => listen(channel),
  unsubscribe: ({ channel }) => pusher.unsubscribe(channel),
  signin: () => pusher.signin(),
  members: ({ channel }) => say({ type: "members", channel, ...members(pusher.channel(channel)) }),
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
});

config.channels.forEach(listen);
