import type { JsonSchema } from "../../core/schema/standard.ts";
import { type MessagePlace, messageOf } from "./build.ts";
import { pascalCase, snakeCase } from "./names.ts";
import type { Numbers } from "./numbers.ts";
import type { MessageShape } from "./shape.ts";

/** What a method is made of. */
export interface MethodSource {
  /** As in `orders.place`. */
  readonly name: string;
  readonly module: string;
  readonly summary?: string | undefined;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** It sends many of what it returns. */
  readonly streams?: boolean;
  /** What its client sends after the input. */
  readonly message?: JsonSchema | undefined;
}

/** One method of a service. */
export interface MethodShape {
  readonly operation: string;
  readonly name: string;
  readonly summary: string | undefined;
  /** As a request has it: `/orders.Orders/Place`. */
  readonly path: string;
  readonly request: MessageShape;
  readonly response: MessageShape;
  readonly clientStreams: boolean;
  readonly serverStreams: boolean;
}

/** One service with its package: a file of its own. */
export interface ServiceShape {
  readonly package: string;
  readonly name: string;
  readonly methods: readonly MethodShape[];
}

/** Where an operation is: what stands before the last dot of its name is the package and its service. */
function placeOf({ name, module }: Pick<MethodSource, "name" | "module">): {
  readonly package: string;
  readonly service: string;
  readonly method: string;
} {
  const parts = name.split(".");
  const method = pascalCase(parts.pop() as string);
  const scope = parts.length === 0 ? [module] : parts;
  const service = pascalCase(scope.at(-1) as string);
  // A message may have that name.
  return { package: scope.map(snakeCase).join("."), service: /Re(quest|sponse)$/.test(service) ? `${service}Service` : service, method };
}

/** Makes the services of operations. `report`: a name that two operations would have. */
export function servicesOf(
  sources: readonly MethodSource[],
  numbers: Numbers,
  report: (operation: string, problem: string) => void,
): readonly ServiceShape[] {
  const services = new Map<string, { readonly package: string; readonly name: string; readonly methods: MethodShape[] }>();
  for (const source of sources) {
    const { package: within, service, method } = placeOf(source);
    const found = services.get(within) ?? { package: within, name: service, methods: [] };
    services.set(within, found);
    const other = found.methods.find(({ name }) => name === method);
    if (other !== undefined) {
      report(source.name, `${other.operation} has the method ${within}.${service}/${method} already. Rename one of them.`);
      continue;
    }
    const at = { parent: within, numbers };
    found.methods.push({
      ...{ operation: source.name, name: method, summary: source.summary, path: `/${within}.${service}/${method}` },
      request: requestOf(source, { ...at, name: `${method}Request`, sent: "by a caller" }),
      response: messageOf(source.output, { ...at, name: `${method}Response`, sent: "by us" }),
      ...{ clientStreams: source.message !== undefined, serverStreams: source.streams === true },
    });
  }
  return [...services.values()];
}

/** Of an operation that receives messages, a request is its input (the first one) or a message. */
function requestOf({ input, message }: MethodSource, at: MessagePlace): MessageShape {
  if (message === undefined) return messageOf(input, at);
  return messageOf({ type: "object", properties: { start: movedTo("start", input), message: movedTo("message", message) } }, at);
}

/** A document as the property of another: what refers to a part of it finds it there. */
function movedTo(property: string, document: JsonSchema): JsonSchema {
  const moved = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(moved);
    if (typeof node !== "object" || node === null) return node;
    const entries = Object.entries(node).map(([key, value]) =>
      key === "$ref" && typeof value === "string" ? [key, value.replace("#", `#/properties/${property}`)] : [key, moved(value)],
    );
    return Object.fromEntries(entries);
  };
  return moved(document) as JsonSchema;
}
