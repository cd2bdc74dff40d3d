import { command, fault, module, query, signedIn } from "plimsoll";
import { z } from "zod";

const Note = z.object({ id: z.uuid(), title: z.string(), body: z.string(), writtenAt: z.iso.datetime() });

const TitleTaken = fault("title_taken", {
  code: "already_exists",
  details: z.object({ title: z.string() }),
  message: ({ title }) => `You have a note called "${title}" already. Choose another title.`,
});

export const addNote = command("notes.add", {
  summary: "Write a note",
  input: z.object({ title: z.string().trim().min(1).max(200), body: z.string().max(10_000) }),
  output: Note,
  faults: [TitleTaken],
  access: signedIn(),
  budget: "500ms",
  idempotent: "key",
  http: { route: "POST /v1/notes", status: 201, location: ({ id }) => `/v1/notes/${id}` },
  async run({ title, body }, { sql, fail, actor, newId }) {
    const added = await sql(Note)`
      insert into notes.notes (id, author, title, body) values (${newId()}, ${actor.id}, ${title}, ${body})
      on conflict (author, title) do nothing
      returning id, title, body, written_at`.maybe();
    return added ?? fail(TitleTaken, { title });
  },
});

export const getNote = query("notes.get", {
  summary: "Read one of your notes",
  input: z.object({ noteId: z.uuid() }),
  output: Note,
  access: signedIn(),
  owns: ({ noteId }, { sql, actor }) => sql`select from notes.notes where id = ${noteId} and author = ${actor.id}`.exists(),
  budget: "200ms",
  http: "GET /v1/notes/{noteId}",
  run: ({ noteId }, { sql }) => sql(Note)`select id, title, body, written_at from notes.notes where id = ${noteId}`.one(),
});

export const listNotes = query("notes.list", {
  summary: "List your notes, the latest first",
  input: z.object({ limit: z.int().min(1).max(100).default(20), cursor: z.string().optional() }),
  output: z.object({ items: z.array(Note), nextCursor: z.string().optional() }),
  access: signedIn(),
  budget: "200ms",
  http: "GET /v1/notes",
  run: (input, { sql, page, actor }) =>
    page(input, {
      rows: (after: string | undefined, limit) => {
        const before = after ? sql`and id < ${after}` : sql``;
        return sql(Note)`
          select id, title, body, written_at from notes.notes
          where author = ${actor.id} ${before} order by id desc limit ${limit}`.many();
      },
      position: ({ id }) => id,
    }),
});

export const notes = module("notes", {
  schema: "notes",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [addNote, getNote, listNotes],
});
