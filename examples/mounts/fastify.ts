// An app within Fastify. Run it with: node --conditions=source examples/mounts/fastify.ts
import { fastify } from "fastify";
import { nodeHandler } from "plimsoll/http";
import { app, tryOut } from "./bookings.ts";

const server = fastify();
server.get("/", () => "a page of Fastify");
server.register(async (mounted) => {
  const handle = nodeHandler(app);
  // The app reads bodies itself.
  mounted.removeAllContentTypeParsers();
  mounted.addContentTypeParser("*", (_request, _payload, done) => done(null));
  mounted.all("/v1/*", (request, reply) => {
    reply.hijack();
    return handle(request.raw, reply.raw);
  });
});

await app.start();
await tryOut(await server.listen({ port: 0 }));
await server.close();
await app.stop();
