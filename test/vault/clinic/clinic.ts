import { command, decider, event, eventStream, module, personal, projection, saga, signedIn } from "plimsoll";
import { type TestAppSpec, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { eraseSubject } from "plimsoll/vault";
import { z } from "zod";
import { walletVault } from "../wallet/wallet.ts";

// Charts of patients as streams of events, and what follows from them.

const Note = z.object({ chart: z.string(), patient: z.string(), name: personal(z.string(), { erased: "(erased)" }) });
export const visited = event("clinic.visited", { data: Note, key: ({ chart }) => chart, subject: ({ patient }) => patient });
export const moved = event("clinic.moved", { data: z.object({ chart: z.string() }), key: ({ chart }) => chart });

interface Chart {
  readonly names: readonly string[];
  readonly moves: number;
}

const chart = decider({
  events: [visited, moved],
  initial: { names: [], moves: 0 } as Chart,
  decide(asked: z.infer<typeof Note> | { readonly chart: string }) {
    return "name" in asked ? [{ name: "clinic.visited", data: asked }] : [{ name: "clinic.moved", data: asked }];
  },
  evolve: (state, { name, data }) =>
    name === "clinic.moved" ? { ...state, moves: state.moves + 1 } : { ...state, names: [...state.names, data.name] },
});
export const charts = eventStream("clinic.chart", { decider: chart, snapshot: { every: 3 } });

const online = { access: signedIn(), budget: "20s", idempotent: "no" } as const;
const Shown = z.object({ names: z.array(z.string()), version: z.int() });
/** What a test has happen before a visit is committed. */
export const meanwhile: { work: (() => Promise<unknown>) | undefined } = { work: undefined };

export const visit = command("clinic.visit", {
  ...{ ...online, input: Note, output: Shown, streams: [charts] },
  async run(asked, { stream }) {
    const { state, version } = await stream(charts, asked.chart).decide(asked);
    const { work } = meanwhile;
    meanwhile.work = undefined;
    await work?.();
    return { names: [...state.names], version };
  },
});
export const move = command("clinic.move", {
  ...{ ...online, input: z.object({ chart: z.string() }), output: Shown, streams: [charts] },
  async run({ chart }, { stream }) {
    const { state, version } = await stream(charts, chart).decide({ chart });
    return { names: [...state.names], version };
  },
});
export const read = command("clinic.read", {
  ...{ ...online, input: z.object({ chart: z.string() }), output: Shown, streams: [charts] },
  async run({ chart }, { stream }) {
    const { state, version } = await stream(charts, chart).load();
    return { names: [...state.names], version };
  },
});
/** Emits the event beside any stream. */
export const note = command("clinic.note", {
  ...{ ...online, input: Note, output: z.object({}), emits: [visited] },
  run: async (asked, { emit }) => {
    emit(visited, asked);
    return {};
  },
});
export const erase = command("clinic.erase", {
  ...{ ...online, input: z.object({ patient: z.string() }), output: z.object({ keys: z.int() }) },
  run: async ({ patient }, scope) => ({ keys: await eraseSubject(scope, patient) }),
});

const names = (table: "names" | "names_inline", mode: "inline" | "asynchronous") =>
  projection(`clinic.${table.replace("_", "-")}`, {
    ...{ on: [visited], table: `clinic.${table}`, key: "chart", mode },
    row: z.object({ chart: z.string(), names: z.string(), visits: z.int() }),
    apply: (row, { data: { chart: of, name } }) => ({
      chart: of,
      names: row === undefined ? name : `${row.names}, ${name}`,
      visits: (row?.visits ?? 0) + 1,
    }),
  });

/** Waits for a visit, and for another one. */
export const follow = saga("clinic.follow", {
  ...{ input: z.object({ chart: z.string() }), output: z.array(z.string()), budget: "1h" },
  async run({ chart: of }, { waitFor }) {
    const first = await waitFor(visited, { where: { chart: of } });
    const second = await waitFor(visited, { where: { chart: `${of}-later` }, name: "later" });
    return [first?.name ?? "none", second?.name ?? "none"];
  },
});

export const clinic = module("clinic", {
  ...{ schema: "clinic", migrations: new URL("./migrations/", import.meta.url) },
  operations: [visit, move, read, note, erase, follow],
  events: [visited, moved],
  streams: [charts],
  projections: [names("names", "asynchronous"), names("names_inline", "inline")],
});

export const doctor = testActor({ id: "dora", tenant: "acme" });
export const clinicDatabase = () => testDatabase({ modules: [clinic] });
export const clinicApp = (database: TestDatabase, spec: Partial<TestAppSpec> = {}) =>
  testApp({ modules: [clinic], database, actor: doctor, vault: walletVault(), ...spec });
