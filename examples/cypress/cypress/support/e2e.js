beforeEach(() => {
  cy.task("beginAnew");
});
