"""The contract as data: OpenAPI, AsyncAPI, JSON Schemas, lifecycles, clauses. No code lives here."""
