// Snippets to paste, filled in with this server's own address and key.

import { byId, copy, fill, h } from "./dom.js";

export function showConnect({ base, key, slug, hotelId, appId }) {
  const { protocol, hostname, port: given } = new URL(base);
  const tls = protocol === "https:";
  const port = given || (tls ? "443" : "80");
  const wire = tls ? `wssPort: ${port},\n  forceTLS: true,` : `wsPort: ${port},\n  forceTLS: false,`;
  const parts = [
    ["pusher-js", "pusher-js insists on a cluster although wsHost is given; any word will do.", `import Pusher from "pusher-js";

const pusher = new Pusher("${key}", {
  cluster: "local",
  wsHost: "${hostname}",
  ${wire}
  enabledTransports: ["ws"],
});
pusher.subscribe("${slug}.rooms").bind("room_updated", ({ payload }) =>
  console.log(payload.room_number, payload.room_status));
pusher.subscribe("staff-hotel-${hotelId}").bind("booking_checked_in", ({ payload }) =>
  console.log(payload.booking_id, payload.room_number));`],
    ["A guest's own channel", "Private: the API signs the subscription for whoever holds the booking's guest token.", `const pusher = new Pusher("${key}", {
  cluster: "local",
  wsHost: "${hostname}",
  ${wire}
  enabledTransports: ["ws"],
  channelAuthorization: {
    endpoint: "${base}/api/notifications/pusher/auth/",
    headers: { Authorization: "GuestToken " + guestToken },
  },
});
pusher.subscribe("private-guest-booking." + bookingId).bind("booking_checked_in", console.log);`],
    ["Laravel Echo", "With the broadcaster pusher.", `import Echo from "laravel-echo";
import Pusher from "pusher-js";

window.Pusher = Pusher;
window.Echo = new Echo({
  broadcaster: "pusher",
  key: "${key}",
  cluster: "local",
  wsHost: "${hostname}",
  ${wire}
  enabledTransports: ["ws"],
});
window.Echo.channel("${slug}.rooms").listen(".room_updated", console.log);`],
    ["fetch", "Log in, list today's arrivals, check the first one in.", `const json = { "Content-Type": "application/json" };
const login = await (await fetch("${base}/api/staff/login/", {
  method: "POST",
  headers: json,
  body: JSON.stringify({ username: "frontdesk", password: "frontdesk" }),
})).json();
const staff = "${base}/api/staff/hotel/" + login.hotel_slug;
const headers = { Authorization: "Token " + login.token };
const { results } = await (await fetch(staff + "/room-bookings/?bucket=arrivals", { headers })).json();
await fetch(staff + "/room-bookings/" + results[0].booking_id + "/check-in/", { method: "POST", headers });`],
    [".env of a frontend", "Names as Vite wants them; yours may differ.", `VITE_API_URL=${base}
VITE_PUSHER_APP_KEY=${key}
VITE_PUSHER_HOST=${hostname}
VITE_PUSHER_PORT=${port}
VITE_PUSHER_SCHEME=${tls ? "https" : "http"}
VITE_PUSHER_APP_CLUSTER=local`],
    [".env of a backend", "For a server library that shall publish here; the secret was printed when staycheck serve started.", `PUSHER_APP_ID=${appId}
PUSHER_APP_KEY=${key}
PUSHER_APP_SECRET=(printed at start)
PUSHER_HOST=${hostname}
PUSHER_PORT=${port}
PUSHER_SCHEME=${tls ? "https" : "http"}`],
  ];
  const hint = tls
    ? "This server speaks TLS with a certificate of its own making. Node trusts it with NODE_EXTRA_CA_CERTS, Python with SSL_CERT_FILE; a browser asks once when it opens this page."
    : "Does your client insist on TLS? Start with staycheck serve --tls --tls-ca ca.pem. Is its host fixed, as in a mobile app? Map that host to this machine (127.0.0.1 ws-eu.pusher.com in its hosts file) and start with --tls-name ws-eu.pusher.com --port 443, or alias pusher-js in your bundler to a module that sets wsHost.";
  fill(
    byId("snippets"),
    parts.map(([title, text, code]) => {
      const button = h("button", { type: "button", "aria-label": `Copy the snippet for ${title}` }, "Copy");
      button.addEventListener("click", () => copy(code, button));
      return h("section", { class: "snippet", "aria-label": title }, h("div", { class: "head" }, h("h2", {}, title), button), h("p", { class: "quiet" }, text), h("pre", { tabindex: "0" }, code));
    }),
    h("section", { class: "snippet" }, h("h2", {}, "TLS and fixed hosts"), h("p", {}, hint)),
  );
}
