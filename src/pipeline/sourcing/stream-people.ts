import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { StreamPlace, StreamRow } from "../../operation/events/log.ts";
import { type Held, openSealed, readSealed, sealedMember } from "../../operation/vault/sealed.ts";
import type { AskVault, DataKey, VaultKeys } from "../../operation/vault/vault.ts";

/** Where a stream is, and what its keys are asked of. */
export interface PeopleOf {
  /** Undefined where the app has no vault, and so nothing is sealed. */
  readonly vault: VaultKeys | undefined;
  readonly ask: AskVault;
  readonly stream: Pick<StreamPlace, "type" | "id">;
  readonly tenant: string | undefined;
}

/** A snapshot that is sealed, as it is stored. */
interface SealedState {
  readonly [sealedMember]: string;
  /** The keys that are all needed to open it. */
  readonly keys: readonly string[];
}

/** The people whom the events of one stream are about, in one transaction: opens what was sealed about them, and seals a state that follows from it. */
export class StreamPeople {
  readonly #of: PeopleOf;
  /** One key of each person. To erase a person deletes all of theirs, so one stands for the others. */
  readonly #keys = new Map<string, DataKey>();

  constructor(of: PeopleOf) {
    this.#of = of;
  }

  /**
   * Notes a key with which something of the stream is sealed. The first of a person stays: a later one may be of this very transaction, and would open what another
   * transaction erases meanwhile.
   */
  readonly add = (key: DataKey): void => {
    if (key.subject !== "" && !this.#keys.has(key.subject)) this.#keys.set(key.subject, key);
  };

  /** The same rows, in which the events are opened; what was erased is what the event declares for it. */
  async open(rows: readonly StreamRow[]): Promise<readonly StreamRow[]> {
    const { vault, ask, tenant = null } = this.#of;
    if (vault === undefined) return rows;
    const held = rows.map(({ name, id, data }): Held => ({ name: name ?? "", id: id ?? "", tenant, data: name === null ? "" : data }));
    const opened = await openSealed(vault, held, { ask, used: this.add });
    return rows.map((row, at) => (opened[at] === held[at] ? row : { ...row, data: opened[at]?.data ?? row.data }));
  }

  /** Seals a state with all of the keys together; undefined where they are too many. A state without anything personal stays as it is. */
  seal(state: string, at: { readonly version: number; readonly shape: number }): string | undefined {
    const { vault } = this.#of;
    const keys = [...this.#keys.values()];
    if (vault === undefined || keys.length === 0) return state;
    if (keys.length > limits.snapshotPeople) return undefined;
    const sealed: SealedState = { [sealedMember]: vault.joint(keys).seal(this.#place(at), state), keys: keys.map(({ id }) => id) };
    return JSON.stringify(sealed);
  }

  /** Reads a state, sealed or not; undefined where a person of it was erased, or it is not as it was sealed. */
  async openState(
    json: string,
    at: { readonly version: number; readonly shape: number },
  ): Promise<{ readonly state: unknown } | undefined> {
    const { vault, ask, tenant = "" } = this.#of;
    const state: unknown = JSON.parse(json);
    if (vault === undefined || !isSealed(state)) return { state };
    const keys = await vault.keysById(ask, state.keys);
    const own = [...keys.values()].filter((key) => key.tenant === tenant);
    if (own.length < state.keys.length || own.length === 0) return undefined;
    try {
      const opened = vault.joint(own).open(this.#place(at), state[sealedMember]);
      own.forEach(this.add);
      return { state: JSON.parse(opened) };
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  #place({ version, shape }: { readonly version: number; readonly shape: number }) {
    const { stream } = this.#of;
    return { field: `${stream.type} state ${shape}.${version}`, id: stream.id };
  }
}

function isSealed(state: unknown): state is SealedState {
  if (typeof state !== "object" || state === null || Object.keys(state).length !== 2) return false;
  const { [sealedMember]: sealed, keys } = state as Partial<SealedState>;
  const isKey = (key: unknown) => typeof key === "string" && /^[0-9a-f-]{36}$/.test(key);
  return typeof sealed === "string" && readSealed(sealed) !== undefined && Array.isArray(keys) && keys.every(isKey);
}
