import { command, event, type Module, module, projection, signedIn } from "plimsoll";
import { z } from "zod";

// The same two projections inline and asynchronously. The order of the words says in which order events were applied.

export const Said = z.object({ id: z.string(), word: z.string() });
export const said = event("tally.said", { data: Said, key: ({ id }) => id });

const words = (name: "inline" | "later", mode: "inline" | "asynchronous") =>
  projection(`tally.${name}-words`, {
    ...{ on: [said], table: `tally.${name}_words`, key: "id", mode },
    row: z.object({ id: z.string(), words: z.string(), at: z.iso.datetime({ offset: true }) }),
    apply(row, { data: { id, word }, recordedAt }) {
      if (word === "bad") throw new RangeError("a bad word");
      if (word === "gone") return undefined;
      return { id, words: row === undefined ? word : `${row.words} ${word}`, at: recordedAt.toISOString() };
    },
  });
/** Of no tenant, and by another key than that of the event. */
const lengths = (name: "inline" | "later", mode: "inline" | "asynchronous") =>
  projection(`tally.${name}-lengths`, {
    ...{ on: [said], table: `tally.${name}_lengths`, key: "length", mode },
    row: z.object({ length: z.string(), count: z.int() }),
    of: ({ data: { word } }) => `${word.length}`,
    apply: (row, { data: { word } }) => ({ length: `${word.length}`, count: (row?.count ?? 0) + 1 }),
  });

/** What a test has happen before a command says its word, and how often it was tried. */
export const meanwhile: { work: (() => Promise<unknown>) | undefined; attempts: number } = { work: undefined, attempts: 0 };

const saying = (name: string, isolation: "read committed" | "serializable") =>
  command(`tally.${name}`, {
    ...{ input: Said.extend({ early: z.boolean().default(false) }), output: z.object({}), emits: [said], isolation },
    ...{ access: signedIn(), idempotent: "key", budget: "20s" },
    async run({ id, word, early }, { emit, sql }) {
      if (early) {
        meanwhile.attempts++;
        await sql`select pg_current_xact_id()`.one();
        const { work } = meanwhile;
        meanwhile.work = undefined;
        await work?.();
      }
      emit(said, { id, word });
      return {};
    },
  });
export const say = saying("say", "read committed");
export const saySerially = saying("say-serially", "serializable");

const later = [words("later", "asynchronous"), lengths("later", "asynchronous")];
const tallyOf = (projections: NonNullable<Module["projections"]>) =>
  module("tally", {
    ...{ schema: "tally", migrations: new URL("./migrations/", import.meta.url), operations: [say, saySerially], events: [said] },
    projections,
  });
export const tally = tallyOf([words("inline", "inline"), lengths("inline", "inline"), ...later]);
/** The module of an earlier deploy, which does not know the inline ones. */
export const earlier = tallyOf(later);
