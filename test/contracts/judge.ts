import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Change } from "../../src/contracts/change.ts";

/** A change of contracts, and what the gate must find of it. */
interface Judged {
  readonly name: string;
  readonly finds: readonly string[];
}

/** A table of changes: what it is called, its rows, and how one is compared. */
interface Table<R extends Judged> {
  readonly title: string;
  readonly rows: readonly R[];
  compared(row: R): readonly Change[];
}

const found = (changes: readonly Change[]) => changes.map(({ rule, where }) => `${rule} ${where}`);
const isBreak = ({ severity }: Change) => severity === "break";

/** Declares a test for each row: what breaks is found, once, with whom it breaks and what to do. */
export function findsBreaks<R extends Judged>({ title, rows, compared }: Table<R>): void {
  describe(title, () => {
    for (const row of rows)
      it(row.name, () => {
        const broken = compared(row).filter(isBreak);
        assert.deepEqual(found(broken), row.finds);
        for (const { affects, fix, message } of broken) for (const text of [affects, fix, message]) assert.match(text, /\w+ \w+/);
      });
  });
}

/** Declares a test for each row: it is found, and breaks no caller. */
export function findsNoBreaks<R extends Judged>({ title, rows, compared }: Table<R>): void {
  describe(title, () => {
    for (const row of rows)
      it(row.name, () => {
        const changes = compared(row);
        assert.deepEqual(found(changes.filter(isBreak)), []);
        assert.deepEqual(found(changes), row.finds);
      });
  });
}
