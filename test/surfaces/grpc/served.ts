import { type App, type AppSpec, createApp, type Module } from "plimsoll";
import { type GrpcSpec, grpc } from "plimsoll/grpc";
import { DynamicClient } from "./client.ts";

/** An app that serves modules over gRPC, and a client of it. */
export interface Served extends AsyncDisposable {
  readonly app: App;
  readonly client: DynamicClient;
  readonly url: string;
}

/** Starts an app for one test. */
export async function serve(
  modules: readonly Module[],
  { spec, ...app }: Partial<AppSpec> & { readonly spec?: Partial<GrpcSpec> } = {},
): Promise<Served> {
  const surfaces = [grpc({ port: 0, host: "127.0.0.1", lock: false, ...spec })];
  const made = createApp({ modules, surfaces, rateLimit: { perSecond: 0 }, service: { name: "shop", version: "1.0.0" }, ...app });
  await made.start({ keepsProcess: false });
  const [url = ""] = made.urls.surfaces;
  const client = new DynamicClient(url, modules);
  return {
    ...{ app: made, client, url },
    [Symbol.asyncDispose]: async () => {
      client.close();
      await made.stop();
    },
  };
}
