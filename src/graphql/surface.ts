import assert from "node:assert";
import type { Surface, SurfaceHost } from "../app/surface.ts";
import type { CarriedRequest } from "../core/schema/opaque/carried.ts";
import type { Operation } from "../operation/contract.ts";
import type { Module } from "../operation/module.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import type { ServerTerms } from "./carrier/prepare.ts";
import { routesModule } from "./carrier/routes.ts";
import { serve } from "./carrier/server.ts";
import { serveSocket } from "./carrier/socket.ts";
import { loadGraphql } from "./library.ts";
import { type GraphqlLimits, graphqlLimits } from "./limits.ts";
import { compileModel, type GraphqlModel } from "./model/model.ts";
import { buildSchema } from "./model/schema.ts";
import { tryPage } from "./page/page.ts";
import { Documents } from "./plan/documents.ts";
import { Persisted } from "./plan/persisted.ts";
import type { DeclaredRelation } from "./relates.ts";

/** What `graphql` takes. */
export interface GraphqlSpec {
  /** Where it is served. *Default*: `/graphql`. */
  readonly path?: string;
  /** Whether documents may ask about the schema. *Default*: only in development. */
  readonly introspection?: boolean;
  /** Whether a browser that opens the path gets a page on which documents are tried. *Default*: as `introspection`. */
  readonly page?: boolean;
  /** Fields that queries bring for the objects of a reply. *Default*: none. */
  readonly relations?: readonly DeclaredRelation[];
  /**
   * Documents that clients name in the place of sending them, by `documentId`, or by the hash of their text as `sha256:…`. They are checked at the start. *Default*:
   * none.
   */
  readonly documents?: Readonly<Record<string, string>>;
  /** Whether other documents are refused. *Default*: false. */
  readonly onlyDocuments?: boolean;
  /** Whether clients may ask over WebSockets too, at the path with `/ws` behind it, by the protocol of `graphql-ws`. It needs the package `ws`. *Default*: false. */
  readonly webSockets?: boolean;
  /** *Defaults*: see `src/graphql/limits.ts`. */
  readonly limits?: Partial<GraphqlLimits>;
}

/** Requests of GraphQL at once in a process; each waits for the executions of its fields, which have limits of their own. */
const requestsAtOnce = 1_024;

/**
 * Serves every operation that says `graphql`: queries and commands by POST and GET, on the port of `http`. Each field is an execution of its operation, with its
 * access, budget, rates and telemetry.
 * *Faults thrown* at the start: `failed_precondition` of type `graphql_not_installed`.
 * @example createApp({ modules, surfaces: [http({ port: 3000 }), graphql()] })
 */
export function graphql(spec: GraphqlSpec = {}): Surface {
  return new GraphqlSurface(spec);
}

/** The relations of a surface, where it is one of GraphQL. */
export function relationsOf(surface: Surface): readonly DeclaredRelation[] {
  return surface instanceof GraphqlSurface ? surface.relations : [];
}

class GraphqlSurface implements Surface {
  readonly name = "graphql";
  readonly modules: readonly Module[];
  readonly #spec: GraphqlSpec;
  readonly #limits: GraphqlLimits;
  #model: GraphqlModel | undefined;
  #terms: ServerTerms | undefined;

  constructor(spec: GraphqlSpec) {
    this.#spec = spec;
    this.#limits = { ...graphqlLimits, ...spec.limits };
    const { path = "/graphql" } = spec;
    const { requestBytes } = this.#limits;
    const routes = { path, requestBytes, concurrency: requestsAtOnce, serve: (request: CarriedRequest) => serve(this.#started, request) };
    this.modules = [routesModule({ ...routes, ...(spec.webSockets && { socket: (incoming) => serveSocket(this.#started, incoming) }) })];
  }

  get relations(): readonly DeclaredRelation[] {
    return this.#spec.relations ?? [];
  }

  compile(declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
    this.#model = compileModel({ declared, operations, relations: this.relations }, report);
  }

  async start({ runtime, service }: SurfaceHost): Promise<void> {
    const library = await loadGraphql();
    const model = this.#model as GraphqlModel;
    const schema = buildSchema(library, model);
    const limits = this.#limits;
    const { path = "/graphql", introspection = runtime.options.development, page = introspection } = this.#spec;
    const documents = new Documents({ library, schema, model, limits, introspection });
    const persisted = new Persisted(this.#spec.documents ?? {}, { only: this.#spec.onlyDocuments ?? false });
    persisted.check(documents);
    // Relative, so that it also holds behind a proxy that cuts a prefix off.
    const endpoint = path.slice(path.lastIndexOf("/") + 1);
    const shown = page ? { page: tryPage(`${service.name} · GraphQL`, endpoint) } : {};
    this.#terms = { library, schema, runtime, limits, documents, persisted, ...shown };
  }

  async close(): Promise<void> {}

  async stop(): Promise<void> {}

  get #started(): ServerTerms {
    assert(this.#terms !== undefined, "requests come once the surface has started; list http() behind graphql()");
    return this.#terms;
  }
}
