import { createApp, type Module } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { internalCalls, remote } from "plimsoll/remote";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import type { Asks } from "./asks.ts";
import { rest } from "./rest.ts";

const keys = [{ id: "same", secret: "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1" }];

/** The table over REST where another process runs the operations: the app in front calls them as a remote module. */
export const ofRemote: Asks = {
  name: "remote module",
  surfaces: () => [grpc({ port: 0, host: "127.0.0.1", internal: true, lock: false })],
  behind: (spec) => ({ ...spec, authentication: internalCalls({ keys }) }),
  front: async (app, { database: _, modules, ...spec }: AppSpec) => {
    const away = remote(modules[0] as Module, { url: app.urls.surfaces[0] ?? "", keys, lock: false });
    const front = createApp({ ...spec, modules: [away], surfaces: rest.surfaces() });
    await front.start({ keepsProcess: false });
    return front;
  },
  ask: rest.ask,
};
