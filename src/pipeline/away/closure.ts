import type { Session } from "node:inspector";

/** Reads what names stand for where a function was written, which nothing but the inspector of V8 can say. */
export class ClosureReader implements Disposable {
  readonly #session: Session;
  readonly #slot = Symbol("plimsoll.closure");

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Opens one; undefined where the process may not inspect itself, as with `--permission`. */
  static open(): ClosureReader | undefined {
    try {
      const { Session } = process.getBuiltinModule("node:inspector");
      const session = new Session();
      session.connect();
      return new ClosureReader(session);
    } catch {
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  /** Returns what a name stands for in a function, the nearest first; undefined where it is none of its own or of its modules. */
  read(written: unknown, name: string): unknown {
    for (const scope of this.#scopesOf(written)) {
      const found = this.#propertiesOf(scope).result.find((property) => property.name === name)?.value?.objectId;
      if (found !== undefined) return this.#valueOf(found);
    }
    return undefined;
  }

  #scopesOf(written: unknown): readonly string[] {
    const held = globalThis as unknown as Record<symbol, unknown>;
    held[this.#slot] = written;
    try {
      const expression = `globalThis[Object.getOwnPropertySymbols(globalThis).find((one) => one.description === "${this.#slot.description}")]`;
      const { result } = this.#post<{ readonly result: RemoteObject }>("Runtime.evaluate", { expression });
      const { internalProperties = [] } = this.#propertiesOf(result.objectId ?? "");
      const scopes = internalProperties.find((property) => property.name === "[[Scopes]]")?.value?.objectId;
      if (scopes === undefined) return [];
      // The last ones are global: they hold no contract, and thousands of names.
      return this.#propertiesOf(scopes).result.flatMap(({ value }) =>
        value?.objectId === undefined || /^(?:Global|Script)\b/.test(value.description ?? "") ? [] : [value.objectId],
      );
    } finally {
      delete held[this.#slot];
    }
  }

  #valueOf(objectId: string): unknown {
    const held = globalThis as unknown as Record<symbol, { value?: unknown }>;
    const place: { value?: unknown } = {};
    held[this.#slot] = place;
    try {
      const functionDeclaration = `function () { globalThis[Object.getOwnPropertySymbols(globalThis).find((one) => one.description === "${this.#slot.description}")].value = this; }`;
      this.#post("Runtime.callFunctionOn", { objectId, functionDeclaration });
      return place.value;
    } finally {
      delete held[this.#slot];
    }
  }

  #propertiesOf(objectId: string): Properties {
    return this.#post<Properties>("Runtime.getProperties", { objectId, ownProperties: true });
  }

  /** The inspector of the own thread replies before it returns. */
  #post<T>(method: string, params: object): T {
    let reply: unknown;
    this.#session.post(method, params, (error, value) => {
      if (error) throw error;
      reply = value;
    });
    return reply as T;
  }
}

interface RemoteObject {
  readonly objectId?: string;
  readonly description?: string;
}

interface Properties {
  readonly result: readonly { readonly name: string; readonly value?: RemoteObject }[];
  readonly internalProperties?: readonly { readonly name: string; readonly value?: RemoteObject }[];
}
