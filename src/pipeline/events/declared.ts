import { Fault } from "../../core/fault.ts";
import { hasVisibleMark } from "../../core/schema/marks/visible.ts";
import { hasBytes } from "../../core/schema/opaque/opaque.ts";
import type { Schema } from "../../core/schema/standard.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Module } from "../../operation/module.ts";
import type { Report } from "../registry/problem.ts";
import { type CompiledPersonal, compilePersonal } from "./compiled-personal.ts";

/** An event with all that is worked out of it at start. */
export interface CompiledEvent {
  readonly event: DomainEvent;
  readonly module: string;
  readonly data: CompiledSchema;
  /** Undefined where none of its fields is personal. */
  readonly personal: CompiledPersonal | undefined;
}

const nameForm = /^[a-z][a-z0-9.-]{2,80}$/;
const mostVersion = 1_000_000;

/** Works out the events of all modules, and reports what is wrong with them and with what operations emit. */
export function checkEvents(
  modules: readonly Module[],
  operations: readonly Operation[],
  report: Report,
): ReadonlyMap<DomainEvent, CompiledEvent> {
  const events = new Map<DomainEvent, CompiledEvent>();
  const names = new Set<string>();
  for (const { name: module, events: declared = [] } of modules)
    for (const event of declared) {
      if (event?.kind !== "event") {
        report(module, "events", "It lists something that is not an event. List what event returned.");
        continue;
      }
      checkName(module, event, report);
      const identity = `${event.name} ${event.version}`;
      if (names.has(identity))
        report(event.name, "events", `Two events have this name and the version ${event.version}. Rename one, or list it once.`);
      names.add(identity);
      const data = compileData(event, report);
      if (data !== undefined) events.set(event, { event, module, data, personal: compilePersonal(event, data, report) });
    }
  for (const operation of operations) {
    checkReceived(operation, events, report);
    checkEmits(operation, { events, modules }, report);
  }
  return events;
}

/** The events that come from a broker are those of other services: they are compiled with the operation that receives them. */
function checkReceived({ name, spec: { on = [], from } }: Operation, events: Map<DomainEvent, CompiledEvent>, report: Report): void {
  if (typeof from !== "object") return;
  if (typeof from?.openReceiver !== "function")
    return report(name, "from", 'It is not a receiver. Write "now", "beginning", or the broker, such as nats({ … }).');
  for (const event of on) {
    if (event?.kind !== "event") {
      report(name, "on", "It lists something that is not an event. List what event returned.");
      continue;
    }
    const data = events.has(event) ? events.get(event)?.data : compileData(event, report);
    if (data === undefined) continue;
    if (compilePersonal(event, data, () => undefined) !== undefined || event.subject !== undefined)
      report(
        name,
        "on",
        `${event.name} has personal data, which a subscription cannot store sealed when it comes from a broker. Leave the fields out.`,
      );
    else if (!events.has(event)) events.set(event, { event, module: event.name.split(".", 1)[0] ?? "", data, personal: undefined });
  }
}

function checkName(module: string, { name, version, key }: DomainEvent, report: Report): void {
  if (!nameForm.test(name) || !name.startsWith(`${module}.`))
    report(name, "name", `An event is lower case and begins with its module, as in "${module}.something-happened".`);
  if (!Number.isInteger(version) || version < 1 || version > mostVersion)
    report(name, "version", `The version is ${version}. Write a whole number from 1 to ${mostVersion}.`);
  if (typeof key !== "function") report(name, "key", "It is missing. Return what the event is about, as in key: ({ orderId }) => orderId.");
}

function compileData({ name, data }: DomainEvent, report: Report): CompiledSchema | undefined {
  if (data?.["~standard"] === undefined) {
    report(name, "data", "It is missing or is not a schema. Give a Zod schema, or adapt another with adaptSchema.");
    return undefined;
  }
  let compiled: CompiledSchema;
  try {
    compiled = compileSchema(data as Schema, `${name} data`, "both");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(name, "data", error.message);
    return undefined;
  }
  const { inputJson, hasSecrets } = compiled;
  if (inputJson.type !== "object") report(name, "data", "The data is an object: wrap it, as in z.object({ … }).");
  if (hasSecrets)
    report(name, "data", "It has a secret, and the log would store it unencrypted. Leave it out, or emit an id by which it is looked up.");
  if (hasBytes(inputJson)) report(name, "data", "It has bytes, and the log stores JSON. Store them, and emit their id.");
  if (hasVisibleMark(inputJson))
    report(name, "data", "It has a field with visibleTo, which says who gets a field of an output. Remove the mark from the data.");
  return compiled;
}

function checkEmits(
  operation: Operation,
  { events, modules }: { readonly events: ReadonlyMap<DomainEvent, CompiledEvent>; readonly modules: readonly Module[] },
  report: Report,
): void {
  const { name, kind, spec } = operation;
  const { emits = [], on, from } = spec;
  if (on?.length === 0) report(name, "on", "It lists no event. List those that it reacts to.");
  for (const event of typeof from === "object" ? [] : (on ?? [])) {
    const isKnown = modules.some(({ events: declared = [] }) => declared.includes(event));
    if (!isKnown) report(name, "on", `No module of this app lists the event ${event?.name}. Add it to module({ events }).`);
  }
  if (emits.length > 0 && traitsOf(operation).transaction !== "write")
    report(name, "emits", `A ${kind} has no transaction in which an event could be written. Emit it from a command.`);
  for (const event of emits) {
    if (event?.kind !== "event") {
      report(name, "emits", "It lists something that is not an event. List what event returned.");
      continue;
    }
    const owner = events.get(event)?.module ?? modules.find(({ events: declared = [] }) => declared.includes(event))?.name;
    if (owner === undefined) report(name, "emits", `No module lists the event ${event.name}. Add it to module({ events }).`);
    else if (!name.startsWith(`${owner}.`))
      report(name, "emits", `${event.name} is an event of the module ${owner}. Only its own commands emit it: call one of them.`);
  }
}
