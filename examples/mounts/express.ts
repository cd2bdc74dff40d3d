// An app within Express. Run it with: node --conditions=source examples/mounts/express.ts
import type { AddressInfo } from "node:net";
import express from "express";
import { nodeHandler } from "plimsoll/http";
import { app, tryOut } from "./bookings.ts";

const server = express();
// Before a body parser: the app reads bodies itself.
server.use("/v1", nodeHandler(app));
server.use(express.json());
server.get("/", (_request, response) => void response.send("a page of Express"));

await app.start();
const listening = server.listen(0, async () => {
  await tryOut(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  listening.close();
  await app.stop();
});
