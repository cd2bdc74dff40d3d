// graphql-yoga as it comes, with its caches of parsed and validated documents, and dataloader for the customers of one request.
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import { type Customer, type Order, path, typeDefs } from "./asked.ts";
import { openPool, readCustomers, readOrders } from "./by-hand.ts";

interface Context {
  readonly customers: DataLoader<string, Customer | undefined>;
}

await openPool();
const yoga = createYoga<object, Context>({
  schema: createSchema<Context>({
    typeDefs,
    resolvers: {
      Query: { orders: async (_root: unknown, { first }: { readonly first: number }) => ({ items: await readOrders(first) }) },
      Order: { customer: ({ customerId }: Order, _: unknown, { customers }: Context) => customers.load(customerId) },
    },
  }),
  context: () => ({ customers: new DataLoader((ids) => readCustomers(ids)) }),
  ...{ graphqlEndpoint: path, logging: false, graphiql: false, landingPage: false },
});
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
