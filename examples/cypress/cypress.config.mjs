import { servePage } from "../frontend/serve.mjs";
import { beginAnew, control, startMock } from "../frontend/mock.mjs";

export default {
  e2e: {
    supportFile: "cypress/support/e2e.js",
    specPattern: "cypress/e2e/*.cy.js",
    // Runs in Node, once, before the browser opens: the mock server and the page are started here, on free ports, and end with Cypress.
    async setupNodeEvents(on, config) {
      const mock = await startMock(["--scenario", "quiet-morning"]);
      const page = await servePage(0);
      // The control surface turns pages of another origin away, so the specs reach it through tasks. A task may not answer undefined.
      on("task", {
        async beginAnew() {
          await beginAnew(mock.url);
          return null;
        },
        control: ({ method, path, body }) => control(mock.url, method, path, body),
      });
      on("after:run", async () => {
        page.close();
        await mock.stop();
      });
      config.baseUrl = `http://127.0.0.1:${page.address().port}`;
      config.env.mock = mock.url;
      return config;
    },
  },
};
