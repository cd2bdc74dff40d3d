import { supportedVersions } from "./carrier/versions.ts";
import { mcpSpecOf } from "./model/content.ts";
import type { CallTerms } from "./run/asking.ts";
import { tasksExtension } from "./run/task/tasks.ts";

/** What a server says of itself. */
export interface ServerIdentity {
  readonly name: string;
  readonly version: string;
}

/** What requests of MCP are served with, once the app has started. */
export interface ServerTerms extends CallTerms {
  readonly identity: ServerIdentity;
  readonly instructions: string | undefined;
  readonly origins: readonly string[];
  /** Whether strangers are refused before their body is read. */
  readonly signedIn: boolean;
  /** Where a client reads for which tokens it is to ask; undefined where that is not published. */
  readonly metadataUrl: string | undefined;
}

/** One server: its terms, and the lists that are made of its model once. */
export class Server {
  readonly terms: ServerTerms;
  readonly lists: Readonly<Record<"tools" | "resources" | "resourceTemplates" | "prompts", ReadonlyMap<string, object>>>;
  readonly capabilities: object;
  /** What clients of the modern era may use beside. */
  readonly #extensions: object | false;
  /** Whether there is a resource whose changes clients can follow. */
  readonly follows: boolean;

  constructor(terms: ServerTerms) {
    this.terms = terms;
    const { tools, resources, prompts } = terms.model;
    const listed = [...resources].map(([uri, { listed }]) => [uri, listed] as const);
    this.lists = {
      tools: new Map([...tools].map(([name, { listed }]) => [name, listed])),
      resources: new Map(listed.filter(([, { uri }]) => uri !== undefined)),
      resourceTemplates: new Map(listed.filter(([, { uri }]) => uri === undefined)),
      prompts: new Map([...prompts].map(([name, { listed }]) => [name, listed])),
    };
    const completes = prompts.size + this.lists.resourceTemplates.size > 0;
    const logs = [...tools.values()].some(({ operation }) => mcpSpecOf(operation).log !== undefined);
    this.follows = [...resources.values()].some(({ updates }) => updates !== undefined);
    this.capabilities = {
      tools: {},
      ...(resources.size > 0 && { resources: { ...(this.follows && { subscribe: true }) } }),
      ...(prompts.size > 0 && { prompts: {} }),
      ...(completes && { completions: {} }),
      ...(logs && { logging: {} }),
    };
    const hasTasks = [...tools.values()].some(({ task }) => task !== undefined);
    this.#extensions = hasTasks && { extensions: { [tasksExtension]: {} } };
  }

  /** What `server/discover` returns. */
  get discovered(): object {
    const { instructions } = this.terms;
    return {
      supportedVersions,
      capabilities: { ...this.capabilities, ...this.#extensions },
      ...(instructions !== undefined && { instructions }),
    };
  }

  /** What `initialize` returns. */
  initialized(protocolVersion: string): object {
    const { instructions, identity } = this.terms;
    return { protocolVersion, capabilities: this.capabilities, serverInfo: identity, ...(instructions !== undefined && { instructions }) };
  }
}
