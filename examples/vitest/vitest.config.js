import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "./mock.setup.js",
    fileParallelism: false, // one hotel for all files, begun anew before each test
    include: ["tests/*.test.js"],
  },
});
