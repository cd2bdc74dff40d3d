/** The numbers of one message or enum, as `contracts.lock.json` keeps them. */
export interface LockedNumbers {
  /** Numbers by the names of properties, or by the texts of an enum. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Numbers that were in use, and that nothing may have again. */
  readonly reserved?: readonly number[];
}

/** The part `grpc` of `contracts.lock.json`: numbers by the full names of messages and enums. */
export type GrpcLock = Readonly<Record<string, LockedNumbers>>;

/** Numbers that Protocol Buffers keeps for itself. *Source*: the language guide of proto3. */
const ownFirst = 19_000;
const ownLast = 19_999;

/** Gives out the numbers of fields and of values of enums: those that are kept, and for what is new the next ones. */
export class Numbers {
  readonly #lock: GrpcLock;
  readonly #next: Record<string, LockedNumbers> = {};
  /** What has a number that is not kept, as `message.property`. */
  readonly added: string[] = [];
  /** What has a number that is kept, and is not there any more. */
  readonly removed: string[] = [];

  constructor(lock: GrpcLock = {}) {
    this.#lock = lock;
  }

  /** The numbers of all names of a message or enum, and which numbers are reserved. */
  take(
    fullName: string,
    names: readonly string[],
  ): { readonly numbers: ReadonlyMap<string, number>; readonly reserved: readonly number[] } {
    const { numbers: known = {}, reserved: before = [] } = Object.hasOwn(this.#lock, fullName)
      ? (this.#lock[fullName] as LockedNumbers)
      : { numbers: {} };
    const reserved = new Set(before);
    for (const [name, number] of Object.entries(known)) {
      if (names.includes(name)) continue;
      reserved.add(number);
      this.removed.push(`${fullName}.${name}`);
    }
    let last = Math.max(0, ...Object.values(known), ...reserved);
    const numbers = new Map<string, number>();
    for (const name of names) {
      if (Object.hasOwn(known, name)) {
        numbers.set(name, known[name] as number);
        continue;
      }
      last = last + 1 === ownFirst ? ownLast + 1 : last + 1;
      numbers.set(name, last);
      this.added.push(`${fullName}.${name}`);
    }
    const sorted = [...reserved].toSorted((one, other) => one - other);
    this.#next[fullName] = { numbers: Object.fromEntries(numbers), ...(sorted.length > 0 && { reserved: sorted }) };
    return { numbers, reserved: sorted };
  }

  /** What is to be kept from now on. What is not served any more stays as it was: its clients may still be there. */
  get lock(): GrpcLock {
    const all = { ...this.#lock, ...this.#next };
    return Object.fromEntries(Object.entries(all).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }
}
