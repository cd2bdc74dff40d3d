import { systemClock } from "../../../core/clock.ts";
import { Fault } from "../../../core/fault.ts";
import { limits } from "../../../core/limits.ts";
import { type LoadLineReading, LoadLines, type ModeSwitch } from "../../../core/load-line/load-lines.ts";
import { Metrics } from "../../../core/metrics.ts";
import type { OpsPage, OpsRequest, OpsResponse } from "../../../operation/ops-page.ts";
import type { TelemetrySink } from "../../../operation/telemetry.ts";
import { registerLoadLines } from "../../load-lines/metrics.ts";
import { loadLinesPage } from "../../load-lines/page.ts";
import { type Exposed, exposeAll } from "../../ops/expose.ts";
import type { OpsSources } from "../../ops/ops.ts";
import type { AppParts } from "../app-parts.ts";
import type { Member } from "../member.ts";
import type { Supervisor } from "../supervisor.ts";
import type { ModeAsked, PageAsked } from "./member-ops.ts";
import { mergeLines } from "./merged-lines.ts";
import { MergedMetrics } from "./merged-metrics.ts";

/**
 * What the ops port shows of an app in several processes: the app is ready while one of them is, metrics and limits are those of all together, and every other
 * page is answered by one of them.
 * *Guarantees*: counters never fall: what a process that ended has counted stays, as far as it was read.
 */
export class SupervisorOps {
  readonly #parts: AppParts;
  readonly #supervisor: () => Supervisor;
  /** The limits that the supervisor itself holds. */
  readonly #lines = new LoadLines(systemClock);
  readonly #metrics = new Metrics();
  /** What processes that have ended had counted. */
  readonly #ended = new MergedMetrics();
  readonly #last = new Map<Member, string>();
  readonly #modes = new Map<string, ModeAsked>();
  stopping = false;

  constructor(parts: AppParts, supervisor: () => Supervisor) {
    this.#parts = parts;
    this.#supervisor = supervisor;
  }

  /** Counts what the supervisor itself refuses. Once it knows its doors. */
  async start(): Promise<void> {
    for (const line of this.#supervisor().doors.flatMap(({ lines }) => lines)) this.#lines.register(line);
    registerLoadLines(this.#metrics, this.#lines);
    for (const sink of this.#exposing) await this.#parts.attach(sink, this.#metrics);
  }

  get sources(): OpsSources {
    const pages = this.#parts.pages.map((path): OpsPage => ({ path, answer: (request) => this.#forward(path, request) }));
    const lines = {
      list: () => this.#list(),
      setMode: (name: string, mode: string, reason: string) => this.#setMode({ name, mode, reason }),
    };
    return { ready: () => this.#readiness(), metrics: () => this.#expose(), pages: [loadLinesPage(lines), ...pages] };
  }

  /** A process begins: it gets the modes that were changed before it. */
  welcome(member: Member): void {
    member.channel.on("last", (text: string | undefined) => this.#last.set(member, text ?? ""));
    member.started.on(() => {
      for (const change of this.#modes.values()) member.channel.ask("mode", change, limits.processReplyMs).catch(() => undefined);
    });
  }

  lost(member: Member): void {
    this.#ended.add(this.#last.get(member) ?? "");
    this.#last.delete(member);
  }

  get #exposing(): readonly TelemetrySink[] {
    return this.#parts.sinks.filter(({ expose }) => expose !== undefined);
  }

  async #readiness(): Promise<string | undefined> {
    const { serving, state } = this.#supervisor();
    if (this.stopping || state !== "ready") return `the app is ${this.stopping ? "stopping" : state}`;
    const asked = serving.map((member) => member.channel.ask<string | null>("ready", undefined, limits.processReplyMs));
    const reasons = await Promise.all(asked.map((reply) => reply.catch(() => "no process responds")));
    return reasons.length === 0 ? "no process is ready" : reasons.includes(null) ? undefined : (reasons[0] ?? undefined);
  }

  async #expose(): Promise<Exposed> {
    const own = exposeAll(this.#exposing);
    if (typeof own === "string") return own;
    const merged = new MergedMetrics();
    merged.add(own.body, "supervisor");
    merged.add(this.#ended.toString());
    const { living } = this.#supervisor();
    await Promise.all(living.map((member) => this.#read(member)));
    for (const member of living) merged.add(this.#last.get(member) ?? "", member.state === "ready" ? String(member.place) : undefined);
    return { contentType: own.contentType, body: merged.toString() };
  }

  /** Reads the metrics of a process; of one that does not reply the last ones count. */
  async #read(member: Member): Promise<void> {
    const exposed = await member.channel.ask<Exposed>("metrics", undefined, limits.processReplyMs).catch(() => undefined);
    if (typeof exposed === "object" && member.state !== "ended") this.#last.set(member, exposed.body);
  }

  async #list(): Promise<readonly LoadLineReading[]> {
    const asked = this.#serving.map((member) => member.channel.ask<readonly LoadLineReading[]>("lines", undefined, limits.processReplyMs));
    return mergeLines([this.#lines.list(), ...(await Promise.all(asked))]);
  }

  /** Changes it in every process, and in those that start later. */
  async #setMode(change: ModeAsked): Promise<Pick<ModeSwitch, "previous">> {
    const { name, mode, reason } = change;
    if (this.#lines.find(name) !== undefined) return this.#lines.setMode(name, mode, reason);
    const asked = this.#serving.map((member) => member.channel.ask<ModeSwitch>("mode", change, limits.processReplyMs));
    const [switched] = await Promise.all(asked);
    this.#modes.set(name, change);
    return switched!;
  }

  async #forward(path: string, { body, ...request }: OpsRequest): Promise<OpsResponse | undefined> {
    const text = request.method === "POST" ? ((await body?.()) ?? "") : "";
    const asked: PageAsked = { path, request: { ...request, text } };
    return (await this.#serving[0]!.channel.ask<OpsResponse | null>("page", asked, limits.opsRequestMs)) ?? undefined;
  }

  /** At least one. */
  get #serving(): readonly Member[] {
    const { serving } = this.#supervisor();
    if (serving.length > 0) return serving;
    throw new Fault({
      code: "unavailable",
      type: "process_unavailable",
      message: "No process of this app is ready. Try again in a moment.",
    });
  }
}
