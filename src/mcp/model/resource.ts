import type { JsonSchema } from "../../core/schema/standard.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { McpSpec } from "../../operation/online/mcp.ts";
import { type CompiledOperation, fieldsOf } from "../../pipeline/registry/compiled.ts";

/** A resource, or a template of resources, as lists have it. */
export interface ListedResource {
  readonly uri?: string;
  readonly uriTemplate?: string;
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly mimeType: string;
}

/** A query as a resource. */
export interface Resource {
  readonly operation: CompiledOperation;
  readonly listed: ListedResource;
  /** The stream whose items say that it has changed; undefined where none does. */
  readonly updates: CompiledOperation | undefined;
  /** Reads the input out of an address; undefined where it is not one of this resource. */
  read(uri: string): Record<string, string> | undefined;
}

const form = /^[a-z][a-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~/?=&-]|%[0-9A-F]{2}|\{[A-Za-z_][A-Za-z0-9_]*\})+$/;
const field = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Makes the resource of a query, and reports why it can be none. */
export function resourceOf(
  operation: CompiledOperation,
  spec: McpSpec,
  problem: (message: string) => void,
): Omit<Resource, "updates"> | undefined {
  const { resource: uri, title } = spec;
  if (uri === undefined) return undefined;
  if (!form.test(uri))
    return problem(`${JSON.stringify(uri)} is not the address of a resource. Write it as in "orders://{orderId}".`) as undefined;
  if (traitsOf(operation.operation).transaction !== "read") return problem("Only a query is a resource. Remove resource.") as undefined;
  const names = [...uri.matchAll(field)].map(([, name]) => name as string);
  const wrong = problemOf(operation, names);
  if (wrong !== undefined) return problem(wrong) as undefined;
  const { file } = httpFileOf(operation);
  const listed: ListedResource = {
    ...(names.length === 0 ? { uri } : { uriTemplate: uri }),
    name: operation.name,
    ...(title !== undefined && { title }),
    description: operation.operation.spec.summary ?? operation.name,
    mimeType: file?.type ?? "application/json",
  };
  return { operation, listed, read: readerOf(uri, names) };
}

/** How HTTP sends the output as a file of text, which a resource is likewise. */
export function httpFileOf({ operation }: CompiledOperation) {
  const { http } = operation.spec;
  return { file: typeof http === "object" ? http.file : undefined };
}

function problemOf({ input }: CompiledOperation, names: readonly string[]): string | undefined {
  const fields = fieldsOf(input);
  const properties = (input.inputJson.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = Array.isArray(input.inputJson.required) ? (input.inputJson.required as readonly string[]) : [];
  const unknown = names.find((name) => !fields.has(name));
  if (unknown !== undefined) return `The address has {${unknown}}, and the input has no such field.`;
  if (new Set(names).size < names.length) return "The address has one field twice.";
  const notText = names.find((name) => properties[name]?.type !== "string");
  if (notText !== undefined) return `The address has {${notText}}, which is not a text in the input.`;
  const left = required.find((name) => !names.includes(name));
  return left === undefined ? undefined : `The input needs ${left}, and the address does not have it.`;
}

function readerOf(template: string, names: readonly string[]): Resource["read"] {
  const parts = template.split(/\{[^}]*\}/).map((text) => text.replaceAll(/[.+*?^$()[\]|\\/-]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join("([^/?#]{1,1024})")}$`);
  return (uri) => {
    const match = pattern.exec(uri);
    if (match === null) return undefined;
    try {
      return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1] as string)]));
    } catch {
      return undefined;
    }
  };
}
