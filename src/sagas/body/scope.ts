import type { Duration } from "../../core/duration.ts";
import { fail } from "../../core/fault.ts";
import type { ScopeLog } from "../../operation/scope.ts";
import { RunningScope } from "../../pipeline/run/running-scope.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { Body } from "./body.ts";
import type { RunHost } from "./run-host.ts";

/** What the body of a saga is given. Its members can be destructured. */
export class BodyScope {
  readonly id: string;
  readonly step: Body["step"];
  readonly call: Body["call"];
  readonly sleep: Body["sleep"];
  readonly waitFor: Body["waitFor"];
  readonly signal: Body["signal"];
  readonly child: Body["child"];
  readonly continueAsNew: Body["continueAsNew"];
  readonly fail = fail;
  readonly #execution: RunningExecution;

  constructor(body: Body, { id }: RunHost, execution: RunningExecution) {
    this.id = id;
    this.#execution = execution;
    this.step = (name, given) => body.step(name, given);
    this.call = (name, operation, input) => body.call(name, operation, input);
    this.waitFor = (event, options) => body.waitFor(event, options);
    this.signal = (name, options) => body.signal(name, options);
    this.child = (name, saga, input) => body.child(name, saga, input);
    this.continueAsNew = (input) => body.continueAsNew(input);
    this.sleep = (name: string, duration: Duration) => body.sleep(name, duration);
  }

  get actor() {
    return this.#execution.actor;
  }
  get tenant(): string | undefined {
    return this.#execution.tenant;
  }
  get log(): ScopeLog {
    const { compiled, input, sent, tenant } = this.#execution;
    return new RunningScope(this.#execution, compiled, { transaction: undefined, input, sent, tenant, calls: noCalls }).log;
  }
}

const noCalls = { call: () => Promise.reject(new TypeError("the body of a saga calls by name")) };
