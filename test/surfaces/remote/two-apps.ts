import { type Actor, type App, type AppSpec, claim, createApp, type Module, rule } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { type InternalKey, internalCalls, type RemoteOptions, remote } from "plimsoll/remote";

export const keys: readonly InternalKey[] = [{ id: "2026-11", secret: "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1" }];

export const ann: Actor = { id: "ann", kind: "user", roles: ["customer"], tenant: "t-1", claims: { tid: "t-1", locale: "de" } };

export const system = rule("the system itself", ({ kind }) => kind === "system");

const common = { rateLimit: { perSecond: 0 }, tenancy: claim("tid"), development: false } satisfies Partial<AppSpec>;

/** Starts a service that serves modules to others. */
export async function startCallee(modules: readonly Module[], spec: Partial<AppSpec> = {}): Promise<App & { readonly url: string }> {
  const surfaces = [grpc({ port: 0, host: "127.0.0.1", lock: false, internal: true })];
  const app = createApp({ ...common, service: { name: "callee" }, modules, surfaces, authentication: internalCalls({ keys }), ...spec });
  await app.start({ keepsProcess: false });
  return Object.assign(app, { url: app.urls.surfaces[0] ?? "" });
}

/** Starts a service that calls a module of another. */
export async function startCaller(
  { module, modules = [], ...options }: Partial<RemoteOptions> & { readonly module: Module; readonly modules?: readonly Module[] },
  spec: Partial<AppSpec> = {},
): Promise<App> {
  const away = remote(module, { keys, lock: false, ...options });
  const app = createApp({ ...common, service: { name: "caller" }, modules: [away, ...modules], ...spec });
  await app.start({ keepsProcess: false });
  return app;
}
