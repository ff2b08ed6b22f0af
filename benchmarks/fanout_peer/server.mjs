// The least a Node server has to do for the same clients: no limits, no signatures, no bounded queues. A frame is made once
// per event and handed to every socket. Says its port on a line of stdout.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const channels = new Map();
let sockets = 0;

const deliver = ({ name, channel, data }) => {
  const frame = Buffer.from(JSON.stringify({ event: name, channel, data }));
  for (const socket of channels.get(channel) ?? []) socket.send(frame, { binary: false });
};

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    JSON.parse(Buffer.concat(parts).toString()).batch.forEach(deliver);
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
});

new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) => {
  const data = JSON.stringify({ socket_id: `1.${++sockets}`, activity_timeout: 120 });
  socket.send(JSON.stringify({ event: "pusher:connection_established", data }));
  socket.on("message", (text) => {
    const { channel } = JSON.parse(text).data;
    if (!channels.has(channel)) channels.set(channel, new Set());
    channels.get(channel).add(socket);
    socket.on("close", () => channels.get(channel).delete(socket));
    socket.send(JSON.stringify({ event: "pusher_internal:subscription_succeeded", channel, data: "{}" }));
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
