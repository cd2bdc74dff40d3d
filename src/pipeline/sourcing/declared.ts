import { limits } from "../../core/limits.ts";
import type { Operation } from "../../operation/contract.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Module } from "../../operation/module.ts";
import type { AnyEventStream } from "../../operation/sourcing/event-stream.ts";
import type { CompiledEvent } from "../events/declared.ts";
import type { Report } from "../registry/problem.ts";

/** A kind of streams with all that is worked out of it at start. */
export interface CompiledEventStream {
  readonly stream: AnyEventStream;
  readonly module: string;
  /** By name. */
  readonly events: ReadonlyMap<string, CompiledEvent>;
}

const nameForm = /^[a-z][a-z0-9.-]{2,80}$/;

/** Works out the kinds of streams of all modules, and reports what is wrong with them and with what operations list. */
export function checkStreams(
  modules: readonly Module[],
  { operations, events }: { readonly operations: readonly Operation[]; readonly events: ReadonlyMap<DomainEvent, CompiledEvent> },
  report: Report,
): ReadonlyMap<AnyEventStream, CompiledEventStream> {
  const streams = new Map<AnyEventStream, CompiledEventStream>();
  const names = new Set<string>();
  for (const { name: module, streams: declared = [] } of modules)
    for (const stream of declared) {
      if (stream?.kind !== "event-stream") {
        report(module, "streams", "It lists something that is not a kind of streams. List what eventStream returned.");
        continue;
      }
      const { name } = stream;
      if (!nameForm.test(name) || !name.startsWith(`${module}.`))
        report(name, "name", `A kind of streams is lower case and begins with its module, as in "${module}.account".`);
      if (names.has(name)) report(name, "name", "Two kinds of streams have this name. Rename one, or list it once.");
      names.add(name);
      checkSnapshot(stream, report);
      streams.set(stream, { stream, module, events: eventsOf(stream, { module, events }, report) });
    }
  for (const operation of operations) checkListed(operation, streams, report);
  return streams;
}

function checkSnapshot({ name, snapshot }: AnyEventStream, report: Report): void {
  if (snapshot === undefined) return;
  const { every, version = 1 } = snapshot;
  const most = limits.streamEventsRead;
  if (!Number.isInteger(every) || every < 1 || every > most)
    report(name, "snapshot", `every is ${every}. Write a whole number of events from 1 to ${most}.`);
  if (!Number.isInteger(version) || version < 1 || version > 1_000_000)
    report(name, "snapshot", `version is ${version}. Write a whole number from 1 to 1000000.`);
}

function eventsOf(
  { name, decider }: AnyEventStream,
  { module, events }: { readonly module: string; readonly events: ReadonlyMap<DomainEvent, CompiledEvent> },
  report: Report,
): ReadonlyMap<string, CompiledEvent> {
  const known = new Map<string, CompiledEvent>();
  if (decider?.kind !== "decider" || typeof decider.decide !== "function" || typeof decider.evolve !== "function") {
    report(name, "decider", "It is missing, or is not a decider. Give what decider returned.");
    return known;
  }
  for (const event of decider.events as readonly DomainEvent[]) {
    const compiled = events.get(event);
    if (compiled?.module !== module)
      report(
        name,
        "decider",
        `Its events are those of its own module, and ${module} does not list ${event?.name}. Add it to module({ events }).`,
      );
    else if (known.has(event.name))
      report(
        name,
        "decider",
        `It lists ${event.name} twice. List its current version, and give that one upcast functions for earlier ones.`,
      );
    else known.set(event.name, compiled);
  }
  return known;
}

function checkListed(operation: Operation, streams: ReadonlyMap<AnyEventStream, CompiledEventStream>, report: Report): void {
  const { name, kind, spec } = operation;
  const { streams: listed = [] } = spec;
  if (listed.length > 0 && traitsOf(operation).transaction !== "write")
    report(name, "streams", `A ${kind} has no transaction in which events could be appended. Append them in a command.`);
  for (const stream of listed) {
    const owner = streams.get(stream)?.module;
    if (owner === undefined) report(name, "streams", `No module lists the streams ${stream?.name}. Add them to module({ streams }).`);
    else if (!name.startsWith(`${owner}.`))
      report(name, "streams", `${stream.name} is of the module ${owner}. Only its own commands append to it: call one of them.`);
  }
}
