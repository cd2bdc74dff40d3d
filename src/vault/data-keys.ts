import assert from "node:assert";
import { createHmac } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { readSealed } from "../operation/vault/sealed.ts";
import type { VaultStore } from "../operation/vault/store.ts";
import type { AskVault, DataKey, KeyOwner, KeyRow, SealedPlace, VaultKeys } from "../operation/vault/vault.ts";
import { openBytes, sealBytes } from "./crypto.ts";
import { keyTaken, sealedTextInvalid, vaultUnavailable } from "./faults.ts";
import type { Roots } from "./roots.ts";

const keyBytes = 32;
const version = "pv1";
const jointSalt = Buffer.from("plimsoll vault joint v1");

/** The keys that seal values: made here, wrapped by a root key, and kept by the store. */
export class DataKeys implements VaultKeys {
  readonly #store: VaultStore;
  readonly #roots: Roots;
  readonly #clock: Clock;
  readonly #bytes = new WeakMap<DataKey, Buffer>();
  /** Keys of tenants, by their ids. Those of people are never kept, so that what is erased is erased at once. */
  readonly #tenants = new Map<string, DataKey>();
  /** Keys that transactions of this process made. Until those have ended, one may be undone, so it is not remembered as the current one. */
  readonly #made = new Map<string, number>();
  /** Which key of a tenant is the current one, and until when that is taken for true. */
  readonly #current = new Map<string, { readonly key: DataKey; readonly until: number }>();

  constructor({ store, roots, clock }: { readonly store: VaultStore; readonly roots: Roots; readonly clock: Clock }) {
    this.#store = store;
    this.#roots = roots;
    this.#clock = clock;
  }

  get ask(): AskVault {
    return this.#store.ask;
  }

  async current(ask: AskVault, owner: KeyOwner): Promise<DataKey> {
    const { tenant, subject } = owner;
    const now = this.#clock.monotonic();
    const known = subject === "" ? this.#current.get(tenant) : undefined;
    if (known !== undefined && now < known.until) return known.key;
    const made = this.fresh(owner).row;
    const row = await this.#store.current(ask, made);
    // Another transaction made it, and a snapshot of this one does not have it.
    if (row === undefined) throw keyTaken();
    const key = this.#unwrap(row);
    if (row.id === made.id) this.#remember(this.#made, row.id, now + limits.deadlineMs);
    else if (subject === "" && (this.#made.get(row.id) ?? 0) <= now)
      this.#remember(this.#current, tenant, { key, until: now + limits.vaultKeyMs });
    return key;
  }

  async keysOf(ask: AskVault, sealed: readonly string[]): Promise<ReadonlyMap<string, DataKey>> {
    return this.keysById(
      ask,
      sealed.map((text) => readSealed(text)?.key).filter((id) => id !== undefined),
    );
  }

  async keysById(ask: AskVault, asked: Iterable<string>): Promise<ReadonlyMap<string, DataKey>> {
    const ids = new Set(asked);
    const found = new Map<string, DataKey>();
    for (const id of ids) {
      const known = this.#tenants.get(id);
      if (known !== undefined) found.set(id, known);
    }
    const missing = [...ids].filter((id) => !found.has(id));
    if (missing.length > 0)
      for (const row of await this.#store.find(ask, missing)) {
        const key = this.#unwrap(row);
        found.set(row.id, key);
        if (row.subject === "") this.#remember(this.#tenants, row.id, key);
      }
    return found;
  }

  joint(keys: readonly DataKey[]): DataKey {
    const sorted = keys.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const [first] = sorted;
    assert(first !== undefined, "a joint key is made of one key or more");
    const bytes = sorted.reduce(
      (joined, key) =>
        createHmac("sha256", joined)
          .update(this.#bytes.get(key) as Buffer)
          .digest(),
      jointSalt,
    );
    return this.#dataKey(first, bytes);
  }

  fresh(owner: KeyOwner): { readonly key: DataKey; readonly row: KeyRow } {
    const id = this.#clock.uuid();
    const bytes = this.#clock.randomBytes(keyBytes);
    return { key: this.#dataKey({ ...owner, id }, bytes), row: this.#wrap({ ...owner, id }, bytes) };
  }

  store(rows: readonly KeyRow[]) {
    return this.#store.store(rows);
  }

  /** The same keys, wrapped by the current root key. */
  rewrapped(rows: readonly KeyRow[]): readonly KeyRow[] {
    return rows.map((row) => this.#wrap(row, this.#bytesOf(row)));
  }

  /** Asks again which keys are the current ones: others may have taken over. */
  forget(): void {
    this.#current.clear();
  }

  #wrap({ id, tenant, subject }: KeyOwner & { readonly id: string }, bytes: Buffer): KeyRow {
    const root = this.#roots.current;
    const sealed = sealBytes(this.#clock, this.#roots.key(root), { text: bytes, about: aboutKey({ id, tenant, subject }) });
    return { id, tenant, subject, root, wrapped: sealed.toString("base64url") };
  }

  #bytesOf(row: KeyRow): Buffer {
    const bytes = openBytes(this.#roots.key(row.root), Buffer.from(row.wrapped, "base64url"), aboutKey(row));
    if (bytes === undefined) throw vaultUnavailable(`The key ${row.id} of the vault is not as it was wrapped. Restore it from a backup.`);
    return bytes;
  }

  #unwrap(row: KeyRow): DataKey {
    return this.#dataKey(row, this.#bytesOf(row));
  }

  #dataKey({ id, tenant, subject }: KeyOwner & { readonly id: string }, bytes: Buffer): DataKey {
    const about = ({ field, id: row }: SealedPlace) => JSON.stringify([tenant, field, row, id]);
    const key: DataKey = {
      ...{ id, tenant, subject },
      seal: (place, text) =>
        `${version}.${id}.${sealBytes(this.#clock, bytes, { text: Buffer.from(text), about: about(place) }).toString("base64url")}`,
      open: (place, sealed) => {
        const read = readSealed(sealed);
        const opened = read?.key === id ? openBytes(bytes, Buffer.from(read.text, "base64url"), about(place)) : undefined;
        if (opened === undefined) throw sealedTextInvalid();
        return opened.toString("utf8");
      },
    };
    this.#bytes.set(key, bytes);
    return key;
  }

  #remember<T>(kept: Map<string, T>, name: string, value: T): void {
    if (kept.size >= limits.vaultKeys && !kept.has(name)) kept.clear();
    kept.set(name, value);
  }
}

const aboutKey = ({ id, tenant, subject }: KeyOwner & { readonly id: string }): string => JSON.stringify([id, tenant, subject]);
