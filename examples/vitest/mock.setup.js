import { startMock } from "../frontend/mock.mjs";

// One mock server for the whole run, on a free port; tests find it with inject("mock").
export default async function setup(project) {
  const mock = await startMock(["--scenario", "quiet-morning"]);
  project.provide("mock", mock.url);
  return mock.stop;
}
