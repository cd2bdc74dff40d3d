import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type {
  ClaimedSaga,
  JournalStep,
  SagaEnd,
  SagaHeartbeat,
  SagaListening,
  SagaRow,
  SagaSignal,
  SagaStartResult,
  SagaStore,
  SagaWant,
  StepRecord,
} from "../../sagas/ports/store.ts";
import { borrowed, type Lender } from "../lender.ts";
import { ListeningSession } from "../listening/listening-session.ts";
import { Notifier } from "../tasks/notifier.ts";
import { PostgresSagaAdmin } from "./admin.ts";

/** What the store of sagas needs of the database that it belongs to. */
export interface SagaStoreHost extends Lender {
  readonly clock: Clock;
  /** For what needs a session; undefined before the start. */
  readonly sessionUrl: string | undefined;
}

/** How long a statement on sagas may take before its connection is cut. */
const statementMs = 10_000;
const channel = "plimsoll_sagas";
const respondMs = 5_000;
const needsSession =
  "Workers of sagas are notified through a session, and a transaction pooler between the app and PostgreSQL keeps none. Give postgres({ directUrl }) an address of the server itself, or of a pooler with pool_mode = session.";

const asIs = (text: string, values: readonly unknown[]): Statement => ({ text, values, columnsAsIs: true });
const parameters = (count: number): string => Array.from({ length: count }, (_, at) => `$${at + 1}`).join(", ");
const startText = `select id, state from plimsoll.start_sagas(${parameters(12)})`;
const settleText = `select plimsoll.settle_sagas(${parameters(16)}) as ended`;

/** Keeps sagas in PostgreSQL. See the migration for how. */
export class PostgresSagaStore implements SagaStore {
  readonly admin: PostgresSagaAdmin;
  readonly #host: SagaStoreHost;
  readonly #notifier: Notifier;

  constructor(host: SagaStoreHost) {
    this.#host = host;
    this.admin = new PostgresSagaAdmin((statement) => this.#ask(statement));
    this.#notifier = new Notifier(host.clock, () => this.#ask(asIs("select pg_notify($1, '')", [channel])));
  }

  async start(rows: readonly SagaRow[], token: number | undefined): Promise<readonly SagaStartResult[]> {
    const { rows: results } = await this.#ask(asIs(startText, columnsOf(rows, token)));
    return results.map((row) => this.readResult(row));
  }

  insertion(rows: readonly SagaRow[]): Statement {
    return {
      text: startText,
      columnsAsIs: true,
      // Read when it is sent: until then more may be added, or undone.
      get values() {
        return columnsOf(rows, undefined);
      },
    };
  }

  signaling({ saga, id, tenant, name, payload, key }: SagaSignal): Statement {
    const values = [id, saga, tenant ?? null, name, payload, key ?? null, limits.sagaSignals];
    return asIs("select plimsoll.signal_saga_of($1, $2, $3, $4, $5, $6, $7) as outcome", values);
  }

  readResult({ id, state }: Readonly<Record<string, unknown>>): SagaStartResult {
    return { id, state } as unknown as SagaStartResult;
  }

  async claim(token: number, wants: readonly SagaWant[], limit: number): Promise<readonly ClaimedSaga[]> {
    const { rows } = await this.#ask(
      asIs(
        `select id, name, version, undoing, remaining as "remainingMs", generation, input, context, fault, code, lag as "lagMs", steps
          from plimsoll.claim_sagas($1, $2, $3, $4, $5)`,
        [token, ...wantedOf(wants), wants.map(({ most }) => most), limit],
      ),
    );
    return rows.map(({ steps, ...saga }) => ({ ...saga, journal: journalOf(steps as string | null) }) as unknown as ClaimedSaga);
  }

  async settle(token: number, steps: readonly StepRecord[], ends: readonly SagaEnd[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.#ask(asIs(settleText, [token, ...stepsOf(steps), ...endsOf(ends)]));
    return new Set(rows[0]?.ended as string[]);
  }

  completion(token: number, { saga, name, kind, state, attempt, undoable, output }: StepRecord): Statement {
    return asIs("select plimsoll.complete_saga_step($1, $2, $3, $4, $5, $6, $7, $8)", [
      ...[token, saga, name, kind, state, attempt, undoable, output ?? null],
    ]);
  }

  async join(name: string): Promise<number> {
    const { rows } = await this.#ask(asIs("select plimsoll.join_saga_workers($1, $2) as token", [name, limits.sagaLeaseMs]));
    return Number(rows[0]?.token);
  }

  async leave(token: number): Promise<void> {
    await this.#ask(asIs("select plimsoll.leave_saga_workers($1)", [token]));
  }

  async heartbeat(token: number, wants: readonly SagaWant[], known: readonly string[] | undefined): Promise<SagaHeartbeat> {
    const { rows } = await this.#ask(
      asIs("select alive, rescued, next_due_ms from plimsoll.saga_heartbeat($1, $2, $3, $4, $5, $6)", [
        ...[token, limits.sagaLeaseMs, ...wantedOf(wants), known ?? null, limits.sagaRescues],
      ]),
    );
    const { alive, rescued, next_due_ms: nextDueMs } = rows[0] as Record<string, unknown>;
    return { alive, rescued, nextDueMs: nextDueMs ?? undefined } as SagaHeartbeat;
  }

  async declareCode({ name, version, digest, names }: Parameters<SagaStore["declareCode"]>[0]): Promise<void> {
    await this.#ask(asIs("select plimsoll.declare_saga_code($1, $2, $3, $4)", [name, version, digest, names]));
  }

  async matchEvents(): Promise<number> {
    const { rows } = await this.#ask(asIs("select plimsoll.match_saga_events($1) as looked", [limits.eventScan]));
    return Number(rows[0]?.looked);
  }

  notify(names: Iterable<string>): void {
    this.#notifier.notify(names);
  }

  listen(onNames: (names: readonly string[]) => void): SagaListening {
    return new ListeningSession({
      ...{ database: this.#host, name: "plimsoll-sagas", channel, respondMs, needsSession },
      // What was committed while nothing listened: any of them.
      opened: () => onNames([]),
      notified: () => onNames([]),
    });
  }

  #ask(statement: Statement): Promise<StatementResult> {
    return borrowed(this.#host, statementMs, (connection) => connection.send(statement));
  }
}

const wantedOf = (wants: readonly SagaWant[]) => [wants.map(({ name }) => name), wants.map(({ version }) => version)];

// Columns as arrays: one statement of one text, whatever the number of rows.

function columnsOf(rows: readonly SagaRow[], token: number | undefined): unknown[] {
  return [
    token ?? null,
    rows.map(({ id }) => id),
    rows.map(({ name }) => name),
    rows.map(({ version }) => version),
    rows.map(({ input }) => input),
    rows.map(({ context }) => context ?? null),
    rows.map(({ budgetMs }) => budgetMs),
    rows.map(({ delayMs }) => (delayMs === undefined ? null : Math.round(delayMs))),
    rows.map(({ at }) => at ?? null),
    rows.map(({ unique }) => unique?.id ?? null),
    rows.map(({ unique }) => unique?.inputHash ?? null),
    rows.map(({ code }) => code),
  ];
}

function stepsOf(steps: readonly StepRecord[]): unknown[] {
  return [
    steps.map(({ saga }) => saga),
    steps.map(({ name }) => name),
    steps.map(({ kind }) => kind),
    steps.map(({ state }) => state),
    steps.map(({ attempt }) => attempt),
    steps.map(({ delayMs }) => (delayMs === undefined ? null : Math.round(delayMs))),
    steps.map(({ undoable }) => undoable),
    steps.map(({ output }) => output ?? null),
    steps.map(({ fault }) => fault ?? null),
    steps.map(({ awaited }) => awaited ?? null),
    steps.map(({ matches }) => matches ?? null),
  ];
}

function endsOf(ends: readonly SagaEnd[]): unknown[] {
  return [
    ends.map(({ saga }) => saga),
    ends.map(({ state }) => state),
    ends.map(({ output }) => output ?? null),
    ends.map(({ fault }) => fault ?? null),
  ];
}

type JournalRow = [string, string, string, number, number | null, boolean, string | null, string | null, string | null];

function journalOf(text: string | null): readonly JournalStep[] {
  if (text === null) return [];
  return (JSON.parse(text) as JournalRow[]).map(
    ([name, kind, state, attempt, dueMs, undoable, output, fault, awaited]) =>
      ({ name, kind, state, attempt, dueMs, undoable, output, fault, awaited }) as JournalStep,
  );
}
