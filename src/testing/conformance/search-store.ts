import assert from "node:assert/strict";
import type { SearchAsk, SearchDocument, SearchStore, SearchTarget } from "../../operation/sourcing/search-store.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a store of search indexes. */
export interface SearchStoreSample {
  /** Creates a client of one and the same store. */
  create(): SearchStore;
}

interface Book {
  readonly id: string;
  /** *Default*: the book is removed. */
  readonly title?: string;
  readonly tenant?: string;
  readonly beside?: boolean;
}

interface Bench {
  readonly store: SearchStore;
  readonly live: SearchTarget;
  readonly beside: SearchTarget;
  put(at: number, book: Book): Promise<void>;
  found(text: string, ask?: Partial<SearchAsk>): Promise<readonly string[]>;
}

let made = 0;
const positionOf = (at: number) => `0000000001/${String(at).padStart(20, "0")}/0000000000000001`;

async function benchOf({ create }: SearchStoreSample): Promise<Bench> {
  const live: SearchTarget = { index: `conformance.books-${++made}`, text: ["title", "note"], language: "english", beside: false };
  const beside = { ...live, beside: true };
  const store = create();
  await store.prepare(live);
  return {
    ...{ store, live, beside },
    put: (at, { id, title, tenant = "acme", beside: isBeside = false }) =>
      store.write(isBeside ? beside : live, [
        { tenant, id, position: positionOf(at), document: title === undefined ? undefined : { id, title, note: "plain" } },
      ]),
    found: async (text, ask = {}) =>
      (await store.search(live, { tenant: "acme", text, limit: 100, after: undefined, ...ask })).map(({ id }) => id).toSorted(),
  };
}

const claims: Readonly<Record<string, (bench: Bench, sample: SearchStoreSample) => Promise<void>>> = {
  "makes an index once": async ({ store, live }) => assert.equal(await store.prepare(live), false),
  "finds the documents that have every word, in any field and any case": async ({ put, found }) => {
    await put(1, { id: "a", title: "The Sea Wolf" });
    await put(2, { id: "b", title: "The Sea" });
    assert.deepEqual(await found("sea"), ["a", "b"]);
    assert.deepEqual(await found("WOLF sea"), ["a"]);
    assert.deepEqual(await found("wolf plain"), ["a"]);
    assert.deepEqual(await found("wolf mountain"), []);
  },
  "takes signs for no operators, and a text without words for one that finds none": async ({ put, found }) => {
    await put(1, { id: "a", title: "sea wolf" });
    const odd = ["-".repeat(34), "", "   ", "&|!<->()", "'\"*:\\", "🂡", "\u0001"];
    for (const text of odd) assert.deepEqual(await found(text), [], JSON.stringify(text));
    for (const text of ["sea -wolf", "sea & wolf", '"sea" (wolf)', `${"-".repeat(34)}sea wolf`])
      assert.deepEqual(await found(text), ["a"], text);
  },
  "shows no document of another tenant": async ({ put, found, store, live }) => {
    await put(1, { id: "a", title: "sea", tenant: "globex" });
    await put(2, { id: "a", title: "sea wolf" });
    await put(3, { id: "b", title: "sea", tenant: "" });
    assert.deepEqual(await found("wolf", { tenant: "globex" }), []);
    assert.deepEqual(await found("sea", { tenant: "globex" }), ["a"]);
    assert.deepEqual(await found("sea", { tenant: "" }), ["b"]);
    assert.deepEqual(await found("sea", { tenant: "acm" }), []);
    const [hit] = await store.search(live, { tenant: "globex", text: "sea", limit: 1, after: undefined });
    assert.deepEqual(hit?.document, { id: "a", title: "sea", note: "plain" });
  },
  "keeps the document with the latest position, however often and in whatever order they come": async ({ put, found, store, live }) => {
    await put(10, { id: "a", title: "second" });
    await put(9, { id: "a", title: "first" });
    await put(10, { id: "a", title: "other" });
    assert.deepEqual(await found("second"), ["a"]);
    await put(11, { id: "a" });
    assert.deepEqual(await found("second"), []);
    await put(10, { id: "a", title: "second" });
    assert.deepEqual(await found("second"), []);
    const [kept] = await store.load(live, [{ tenant: "acme", id: "a" }]);
    assert.deepEqual(kept, { tenant: "acme", id: "a", position: positionOf(11), document: undefined });
    await put(12, { id: "a", title: "third" });
    assert.deepEqual(await found("third"), ["a"]);
  },
  "loads what it was given, and nothing of what it was not": async ({ store, live }) => {
    const documents = [1, 2, 3].map((at): SearchDocument => {
      const document = { id: `${at}`, title: `é "q" \\ ${at}`, deep: { list: [1, null, "x"] } };
      return { tenant: "acme", id: `${at}`, position: positionOf(at), document };
    });
    await store.write(live, documents);
    const keys = ["3", "1", "missing"].map((id) => ({ tenant: "acme", id }));
    const loaded = await store.load(live, [...keys, { tenant: "globex", id: "2" }]);
    assert.deepEqual(
      loaded.toSorted((one, other) => one.id.localeCompare(other.id)),
      [documents[0], documents[2]],
    );
  },
  "gives pages that have each hit once": async ({ put, store, live }) => {
    for (let at = 1; at <= 7; at++) await put(at, { id: `${at}`, title: at === 4 ? "sea sea sea" : "sea" });
    const ids: string[] = [];
    let after: SearchAsk["after"];
    for (let page = 0; page < 4; page++) {
      const hits = await store.search(live, { tenant: "acme", text: "sea", limit: 3, after });
      ids.push(...hits.map(({ id }) => id));
      after = hits.at(-1) ?? after;
    }
    assert.equal(ids[0], "4");
    assert.deepEqual(ids.toSorted(), ["1", "2", "3", "4", "5", "6", "7"]);
  },
  "fills an index beside the one that is searched, and swaps it": async ({ put, found, store, live, beside }) => {
    await put(1, { id: "a", title: "old sea" });
    await store.begin(beside);
    await put(1, { id: "b", title: "given up", beside: true });
    await store.begin(beside);
    await put(2, { id: "c", title: "new sea", beside: true });
    assert.deepEqual(await found("sea"), ["a"]);
    assert.deepEqual(await store.load(beside, [{ tenant: "acme", id: "b" }]), []);
    assert.equal(await store.swap(beside), true);
    assert.deepEqual(await found("sea"), ["c"]);
    assert.deepEqual(await store.load(live, [{ tenant: "acme", id: "a" }]), []);
    assert.equal(await store.swap(beside), false);
    await store.sweep(live, positionOf(1));
    assert.deepEqual(await found("sea"), ["c"]);
  },
  "says that documents are missing, and makes none by a write": async ({ put, store, live, beside }) => {
    const missing = { type: "search_index_missing" };
    await assert.rejects(put(1, { id: "a", title: "sea", beside: true }), missing);
    await assert.rejects(store.load(beside, [{ tenant: "acme", id: "a" }]), missing);
    await store.begin(beside);
    await store.drop(beside);
    await assert.rejects(put(1, { id: "a", title: "sea", beside: true }), missing);
    const other = { ...live, index: `${live.index}-other` };
    await assert.rejects(store.write(other, [{ tenant: "", id: "a", position: positionOf(1), document: {} }]), missing);
    assert.deepEqual(await store.search(other, { tenant: "", text: "sea", limit: 1, after: undefined }), []);
  },
  "forgets what was removed before a position, and nothing else": async ({ put, found, store, live }) => {
    await put(1, { id: "a", title: "sea" });
    await put(2, { id: "a" });
    await put(3, { id: "b", title: "sea" });
    await put(5, { id: "c" });
    await store.sweep(live, positionOf(4));
    const keys = ["a", "b", "c"].map((id) => ({ tenant: "acme", id }));
    assert.deepEqual((await store.load(live, keys)).map(({ id }) => id).toSorted(), ["b", "c"]);
    assert.deepEqual(await found("sea"), ["b"]);
  },
  "is one store for all clients of it": async ({ live, put }, { create }) => {
    await put(1, { id: "a", title: "sea" });
    const hits = await create().search(live, { tenant: "acme", text: "sea", limit: 1, after: undefined });
    assert.deepEqual(
      hits.map(({ id, tenant }) => [id, tenant]),
      [["a", "acme"]],
    );
  },
};

/**
 * Checks that a store of search indexes does what projections and searches expect of one.
 * @example for (const { name, run } of searchStoreConformance({ create: () => mySearch() })) it(name, run);
 */
export function searchStoreConformance(sample: SearchStoreSample): readonly ConformanceCase[] {
  return Object.entries(claims).map(([name, claim]) => ({ name, run: async () => claim(await benchOf(sample), sample) }));
}
