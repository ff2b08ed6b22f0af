import { defineConfig } from "@playwright/test";

const { CHROMIUM, CI, MOCK_PORT = "8787", PAGE_PORT = "5173", STAYCHECK = "staycheck" } = process.env;
const mock = `http://127.0.0.1:${MOCK_PORT}`;
const page = `http://127.0.0.1:${PAGE_PORT}`;

export default defineConfig({
  testDir: "tests",
  workers: 1, // one hotel for all tests, begun anew before each
  reporter: "list",
  metadata: { mock },
  use: {
    baseURL: page,
    // Without CHROMIUM the browser that `npx playwright install chromium` has downloaded; with it the one there is, such as
    // Debian's /usr/bin/chromium.
    launchOptions: CHROMIUM
      ? { executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] }
      : {},
  },
  webServer: [
    {
      command: `${STAYCHECK} serve --port ${MOCK_PORT} --scenario quiet-morning --quiet`,
      url: mock,
      reuseExistingServer: !CI,
      gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
    },
    { command: `node ../frontend/serve.mjs ${PAGE_PORT}`, url: page, reuseExistingServer: !CI },
  ],
});
