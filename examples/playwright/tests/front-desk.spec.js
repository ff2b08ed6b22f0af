import { expect, test } from "@playwright/test";

import { beginAnew, control, CUT_OFF_ONCE, EVERYTHING_TWICE } from "../../frontend/mock.mjs";

let mock;

test.beforeEach(async ({ page }, { config }) => {
  mock = config.metadata.mock;
  await beginAnew(mock);
  await page.goto(`/?api=${mock}`);
  await page.getByLabel("User").fill("frontdesk");
  await page.getByLabel("Password").fill("frontdesk");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(arrivals(page)).toHaveCount(2);
});

const arrivals = (page) => page.getByRole("list", { name: "Arrivals" }).getByRole("listitem");
const happened = (page) => page.getByRole("list", { name: "What happened" }).getByRole("listitem");
const room = (page, number) => page.getByRole("list", { name: "Rooms" }).getByText(new RegExp(`^${number} `));
const checkIn = (page, name) => arrivals(page).filter({ hasText: name }).getByRole("button", { name: "Check in" }).click();

test("a guest is checked in, and the room becomes occupied by the event", async ({ page }) => {
  await expect(room(page, 105)).toHaveText("105 Ready for guest");
  await checkIn(page, "Eva Lindholm");
  await expect(room(page, 105)).toHaveText("105 Occupied");
  await expect(happened(page)).toHaveText(["Room 105: Occupied"]);
  await expect(arrivals(page)).toHaveCount(1);
});

test("two front desks see the same", async ({ page, context }) => {
  const other = await context.newPage();
  await other.goto(`/?api=${mock}`);
  await other.getByLabel("User").fill("manager");
  await other.getByLabel("Password").fill("manager");
  await other.getByRole("button", { name: "Log in" }).click();
  await expect(room(other, 105)).toHaveText("105 Ready for guest");
  await checkIn(page, "Eva Lindholm");
  await expect(room(other, 105)).toHaveText("105 Occupied");
});

test("an event that comes twice is shown once", async ({ page }) => {
  await control(mock, "PUT", "chaos", EVERYTHING_TWICE);
  await checkIn(page, "Eva Lindholm");
  await expect(happened(page)).toHaveText(["Room 105: Occupied"]);
  await checkIn(page, "Thomas Reed");
  // The order of a channel holds: when the second event is here, both copies of the first have been.
  await expect(happened(page)).toHaveText(["Room 105: Occupied", "Room 201: Occupied"]);
});

test("what is missed while the connection is lost is made up for", async ({ page }) => {
  await control(mock, "PUT", "chaos", CUT_OFF_ONCE);
  await checkIn(page, "Eva Lindholm");
  await expect(room(page, 105)).toHaveText("105 Occupied");
  await expect(happened(page)).toHaveCount(0); // no event came: the board was read again
  await expect(page.locator("#connection")).toHaveText("connected");
});
