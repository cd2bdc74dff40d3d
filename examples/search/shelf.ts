import { command, createApp, event, module, query } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { search, searchIndex } from "plimsoll/search";
import { z } from "zod";

// Books that are found by their words. The index follows from events, as a projection does.

const Book = z.object({ id: z.string().min(1).max(64), title: z.string().max(200_000), note: z.string().max(200_000).default("") });
export const put = event("shelf.put", { data: Book, key: ({ id }) => id });
export const lost = event("shelf.lost", { data: z.object({ id: z.string() }), key: ({ id }) => id });

export const books = searchIndex("shelf.books", {
  on: [put, lost],
  document: Book.extend({ editions: z.int() }),
  key: "id",
  text: ["title", "note"],
  apply: (book, { name, data }) => (name === "shelf.lost" ? undefined : { ...data, editions: (book?.editions ?? 0) + 1 }),
});

export const putBook = command("shelf.put-book", {
  input: Book,
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: "5s",
  emits: [put],
  async run(book, { emit }) {
    emit(put, book);
    return {};
  },
});

export const loseBook = command("shelf.lose-book", {
  input: z.object({ id: z.string() }),
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: "5s",
  emits: [lost],
  async run(book, { emit }) {
    emit(lost, book);
    return {};
  },
});

export const findBooks = query("shelf.find-books", {
  input: z.object({ text: z.string().max(2_000) }),
  output: z.object({ books: z.array(z.object({ id: z.string(), title: z.string(), editions: z.int() })) }),
  access: "public",
  budget: "5s",
  reads: [books],
  http: "GET /books",
  async run({ text }, scope) {
    const hits = await search(scope, books, { text, limit: 10 });
    return { books: hits.map(({ document: { id, title, editions } }) => ({ id, title, editions })) };
  },
});

export const shelf = module("shelf", { operations: [putBook, loseBook, findBooks], events: [put, lost], projections: [books] });

if (import.meta.main) {
  const app = createApp({ modules: [shelf], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
  await app.start();
  const positions: string[] = [];
  const onPosition = (position: string) => void positions.push(position);
  await app.call(putBook, { id: "white-whale", title: "Moby-Dick, or the whale" }, { onPosition });
  const { books: found } = await app.call(findBooks, { text: "whales" }, { after: positions[0]! });
  for (const { id, title, editions } of found) console.log(`${id} ${title} (${editions})`);
  await app.stop();
}
