// The realtime side, by pusher-js as any frontend uses it.

/** Connect and subscribe; `on.event(channel, name, data)`, `on.state(text)`, `on.ready()` when every channel
 * is subscribed: what the page shows has to be read then, because events before it were missed. */
export function connect({ key, url }, channels, on) {
  const { hostname, port, protocol } = new URL(url);
  const tls = protocol === "wss:";
  const pusher = new window.Pusher(key, {
    cluster: "local", // pusher-js insists on one although wsHost is given
    wsHost: hostname,
    wsPort: port || 80,
    wssPort: port || 443,
    forceTLS: tls,
    enabledTransports: ["ws"],
  });
  pusher.connection.bind("state_change", ({ current }) => on.state(current));
  const waiting = new Set(channels);
  for (const name of channels) {
    const channel = pusher.subscribe(name);
    channel.bind("pusher:subscription_succeeded", () => {
      waiting.delete(name);
      if (waiting.size === 0) on.ready(); // at first, and whenever a connection that was lost is back
    });
    channel.bind_global((event, data) => {
      if (!event.startsWith("pusher:")) on.event(name, event, data);
    });
  }
  return pusher;
}
