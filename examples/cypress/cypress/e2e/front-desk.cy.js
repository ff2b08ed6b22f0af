const twice = { rules: [{ name: "twice", on: { channel: "rooms" }, do: { duplicate: { copies: 1 } } }] };
const cutOffOnce = {
  rules: [{ name: "cut-off", on: { channel: "rooms" }, do: { disconnect: { when: "before" } }, times: 1 }],
};

const goWrong = (body) => cy.task("control", { method: "PUT", path: "chaos", body });
const room = (number) => cy.get(`#rooms [data-room=${number}]`);
const checkIn = (name) => cy.contains("#arrivals li", name).contains("button", "Check in").click();

beforeEach(() => {
  cy.visit("/", { qs: { api: Cypress.env("mock") } });
  cy.get("[name=username]").type("frontdesk");
  cy.get("[name=password]").type("frontdesk");
  cy.contains("button", "Log in").click();
  cy.get("#arrivals li").should("have.length", 2);
});

it("checks a guest in, and the room becomes occupied by the event", () => {
  room(105).should("have.text", "105 Ready for guest");
  checkIn("Eva Lindholm");
  room(105).should("have.text", "105 Occupied");
  cy.get("#log li").should("have.length", 1).and("have.text", "Room 105: Occupied");
});

it("shows an event once that comes twice", () => {
  goWrong(twice);
  checkIn("Eva Lindholm");
  room(105).should("have.text", "105 Occupied");
  checkIn("Thomas Reed");
  // The order of a channel holds: when the second event is here, both copies of the first have been.
  cy.contains("#log li", "Room 201: Occupied");
  cy.get("#log li").should("have.length", 2);
});

it("makes up for what is missed while the connection is lost", () => {
  goWrong(cutOffOnce);
  checkIn("Eva Lindholm");
  room(105).should("have.text", "105 Occupied");
  cy.get("#log li").should("not.exist"); // no event came: the board was read again
});
