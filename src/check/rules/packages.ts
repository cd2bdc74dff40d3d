import { type CheckConfig, matcher } from "../config.ts";
import type { Context } from "./context.ts";

/** Packages whose use reaches the network: clients of services, of databases and of brokers. */
const network = `
  node:http node:https node:http2 node:net node:tls node:dgram node:dns node:dns/promises http https http2 net tls dgram dns
  undici axios got ky node-fetch cross-fetch superagent needle request ws socket.io-client graphql-request eventsource
  pg postgres mysql2 mysql2/promise mongodb mongoose redis ioredis @redis/** @prisma/client better-auth @elastic/elasticsearch meilisearch algoliasearch
  kafkajs @platformatic/kafka rabbitmq-client amqplib nats @nats-io/** mqtt
  @aws-sdk/** aws-sdk @azure/** @google-cloud/** firebase-admin @grpc/grpc-js @connectrpc/** minio
  nodemailer resend @sendgrid/** mailgun.js twilio stripe openai @anthropic-ai/** @slack/** @octokit/** octokit
  plimsoll/upstream plimsoll/redis plimsoll/client plimsoll/nats plimsoll/kafka plimsoll/rabbitmq
`
  .trim()
  .split(/\s+/);
/** Packages that reach outside of the process, or that only the composition root needs. */
const outward = `
  node:fs node:fs/promises fs fs/promises node:child_process child_process node:cluster node:worker_threads node:process
  express fastify hono koa kysely drizzle-orm drizzle-orm/** typeorm sequelize
  plimsoll/http plimsoll/postgres plimsoll/embedded plimsoll/kysely plimsoll/drizzle plimsoll/telemetry plimsoll/testing plimsoll/load
  plimsoll/graphql plimsoll/grpc plimsoll/mcp plimsoll/webhooks plimsoll/vault
`
  .trim()
  .split(/\s+/);

/** Makes the tests for packages that reach the network, and for those that a domain does not import. */
export function packagesOf({ network: further = [] }: CheckConfig): Pick<Context, "reachesNetwork" | "reachesOutward"> {
  const reachesNetwork = matcher([...network, ...further, ...further.map((name) => `${name}/**`)]);
  const leads = matcher(outward);
  return { reachesNetwork, reachesOutward: (specifier) => reachesNetwork(specifier) || leads(specifier) };
}

/** Globals of Node.js that reach the network. */
export const networkGlobals: ReadonlySet<string> = new Set(["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]);
