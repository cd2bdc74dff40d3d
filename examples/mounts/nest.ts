// An app within NestJS. Run it with: node --conditions=source examples/mounts/nest.ts
import "reflect-metadata";
import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { nodeHandler } from "plimsoll/http";
import { app, tryOut } from "./bookings.ts";

class Pages {
  show() {
    return "a page of NestJS";
  }
}
// Decorators, written as the functions that they are: Node.js runs this file as it is.
Get()(Pages.prototype, "show", Object.getOwnPropertyDescriptor(Pages.prototype, "show")!);
Controller()(Pages);
class Service {}
Module({ controllers: [Pages] })(Service);

const server = await NestFactory.create(Service, { logger: false });
// Before Nest's own routes and body parsers.
server.use("/v1", nodeHandler(app));

await app.start();
await server.listen(0);
await tryOut(await server.getUrl());
await server.close();
await app.stop();
