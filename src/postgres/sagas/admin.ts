import { limits } from "../../core/limits.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import type { SagaAdmin, SagaCount, SagaReading, SagasOfCode, StepReading } from "../../sagas/ports/admin-store.ts";

type Ask = (statement: Statement) => Promise<StatementResult>;
const columns = "id, name, version, state, undoing, tenant, input, output, fault, started, deadline, due, ended";

/** What people, and metrics, ask of the sagas in PostgreSQL. */
export class PostgresSagaAdmin implements SagaAdmin {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async counts(): Promise<readonly SagaCount[]> {
    const { rows } = await this.#ask({
      text: "select name, version, state, count from plimsoll.count_sagas($1)",
      values: [limits.sagaCount],
    });
    return rows as unknown as readonly SagaCount[];
  }

  async byCode(): Promise<readonly SagasOfCode[]> {
    const { rows } = await this.#ask({ text: "select name, version, code, count, names from plimsoll.sagas_by_code()", values: [] });
    return rows as unknown as readonly SagasOfCode[];
  }

  async list({ name, state, limit }: Parameters<SagaAdmin["list"]>[0]): Promise<readonly SagaReading[]> {
    const values = [null, name ?? null, state ?? null, limit];
    const { rows } = await this.#ask({ text: `select ${columns} from plimsoll.read_sagas($1, $2, $3, $4)`, values });
    return rows as unknown as readonly SagaReading[];
  }

  async read(id: string): ReturnType<SagaAdmin["read"]> {
    const { rows } = await this.#ask({ text: `select ${columns} from plimsoll.read_sagas($1, null, null, 1)`, values: [id] });
    const [saga] = rows as unknown as readonly SagaReading[];
    if (saga === undefined) return undefined;
    const text = "select name, kind, state, attempt, due, undoable, output, fault, at from plimsoll.read_saga_steps($1)";
    const { rows: steps } = await this.#ask({ text, values: [id] });
    return { ...saga, steps: steps as unknown as readonly StepReading[] };
  }

  async decide(...[id, decision, { output, reason }]: Parameters<SagaAdmin["decide"]>): Promise<boolean> {
    const { rows } = await this.#ask({
      text: "select plimsoll.decide_saga($1, $2, $3, $4) as done",
      values: [id, decision, output ?? null, reason],
    });
    return rows[0]?.done === true;
  }

  async signal(...[id, { saga, name, payload, key }]: Parameters<SagaAdmin["signal"]>): ReturnType<SagaAdmin["signal"]> {
    const values = [id, saga, name, payload, key ?? null, limits.sagaSignals];
    const { rows } = await this.#ask({ text: "select plimsoll.signal_saga_of($1, $2, null, $3, $4, $5, $6) as outcome", values });
    return rows[0]?.outcome as Awaited<ReturnType<SagaAdmin["signal"]>>;
  }

  async expire(retentionMs: number): Promise<number> {
    const values = [retentionMs, limits.sagaExpiryTurn];
    const { rows } = await this.#ask({ text: "select plimsoll.expire_sagas($1, $2) as expired", values });
    return Number(rows[0]?.expired);
  }

  async forgetSignalKeys(keptMs: number): Promise<number> {
    const values = [keptMs, limits.sagaExpiryTurn];
    const { rows } = await this.#ask({ text: "select plimsoll.forget_saga_signal_keys($1, $2) as forgotten", values });
    return Number(rows[0]?.forgotten);
  }
}
