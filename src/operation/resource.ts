/** An object with a lifetime that actions use, such as a client or a mailer. Each app creates it once, at its start. */
export interface Resource<T> {
  readonly kind: "resource";
  readonly name: string;
  readonly spec: ResourceSpec<T> | undefined;
}

/** How an app creates a resource at its start and disposes of it at its stop. */
export interface ResourceSpec<T> {
  /** Creates the value at the start of the app. If it rejects, the app does not start. */
  create(): T | Promise<T>;
  /** Disposes of the value when the app stops. */
  dispose?(value: T): void | Promise<void>;
}

/** The resources that an action or a task uses, by the names that they have in its scope. */
// biome-ignore lint/suspicious/noExplicitAny: a record of resources of any kind; Used<U> restores each type.
export type Uses = Readonly<Record<string, Resource<any>>>;

/** What a scope receives for a `uses` record. */
export type Used<U extends Uses> = { readonly [K in keyof U]: U[K] extends Resource<infer T> ? T : never };

/**
 * Declares a resource; an operation gets it by `uses`. Without `create`, the app needs a value in `provide`, and does not start without one.
 * @example const mailer = resource("mailer", { create: () => smtp(url), dispose: (m) => m.close() });
 * @example const tokens = resource<JwtIssuer>("identity.tokens");   // createApp({ provide: [override(tokens, jwtIssuer({ … }))], … })
 */
export function resource<T>(name: string, spec?: ResourceSpec<T>): Resource<T> {
  return { kind: "resource", name, spec };
}

/** A resource and the value that replaces it. */
export interface Override {
  readonly kind: "override";
  readonly resource: Resource<unknown>;
  readonly value: unknown;
}

/**
 * Replaces a resource by a value, in tests and where the app is created.
 * @example createApp({ provide: [override(mailer, fakeMailer)] })
 */
export function override<T>(resource: Resource<T>, value: NoInfer<T>): Override {
  return { kind: "override", resource: resource as Resource<unknown>, value };
}
