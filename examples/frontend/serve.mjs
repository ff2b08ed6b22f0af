// Serves this page: `node serve.mjs [port]`. What a frontend's own development server would do. pusher-js comes from the
// packages of the directory it is started in.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { argv, cwd } from "node:process";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const pusher = createRequire(join(cwd(), "/")).resolve("pusher-js/package.json");
const files = {
  "/": [join(here, "index.html"), "text/html"],
  "/hotel.js": [join(here, "hotel.js"), "text/javascript"],
  "/pusher.js": [join(dirname(pusher), "dist/web/pusher.min.js"), "text/javascript"],
};

// Resolves to the server, listening; port 0 takes a free one.
export function servePage(port) {
  const server = createServer(async (request, response) => {
    const [file, type] = files[new URL(request.url, "http://page").pathname] ?? [];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(await readFile(file));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server));
  });
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const server = await servePage(Number(argv[2] ?? 5173));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
