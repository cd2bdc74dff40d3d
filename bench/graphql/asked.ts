/** The document of the bench: 50 orders, each with its customer. */
export const document = "query Orders($first: Int!) { orders(first: $first) { items { id totalCents status customer { id name city } } } }";
/** What every client sends. */
export const body = JSON.stringify({ query: document, variables: { first: 50 } });
export const path = "/graphql";
/** Connections to PostgreSQL of each server. */
export const connections = 16;
export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly city: string;
}

export interface Order {
  readonly id: string;
  readonly totalCents: number;
  readonly status: string;
  readonly customerId: string;
}

/** The schema as the peers declare it. */
export const typeDefs = `
  type Customer { id: ID!, name: String!, city: String! }
  type Order { id: ID!, totalCents: Int!, status: String!, customerId: ID!, customer: Customer }
  type Orders { items: [Order!]! }
  type Query { orders(first: Int!): Orders }
`;
