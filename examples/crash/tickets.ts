import { command, exponential, fault, module, type Resource, resource, signedIn, task } from "plimsoll";
import { z } from "zod";

export interface Cards {
  charge(charge: { readonly ticketId: string; readonly key: string }): Promise<void>;
}
export const cards: Resource<Cards> = resource("cards");

const SeatTaken = fault("seat_taken", {
  code: "already_exists",
  details: z.object({ seat: z.string() }),
  message: ({ seat }) => `Seat ${seat} is taken. Choose another one.`,
});

const chargeCard = task("tickets.charge-card", {
  input: z.object({ ticketId: z.uuid() }),
  budget: "10s",
  retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) },
  uses: { cards },
  async run({ ticketId }, { cards, key, upstream, commit }) {
    // It may be done again after a crash: by the key the bank knows that it is the same charge.
    await upstream("cards", () => cards.charge({ ticketId, key }));
    await commit(({ sql }) => sql`update tickets.tickets set paid = true where id = ${ticketId}`.run());
  },
});

export const buyTicket = command("tickets.buy", {
  input: z.object({ seat: z.string() }),
  output: z.object({ ticketId: z.uuid() }),
  faults: [SeatTaken],
  access: signedIn(),
  idempotent: "key",
  budget: "1s",
  async run({ seat }, { sql, fail, newId, start }) {
    const ticketId = newId();
    const bought = await sql`insert into tickets.tickets (id, seat) values (${ticketId}, ${seat}) on conflict do nothing`.run();
    if (bought === 0) fail(SeatTaken, { seat });
    await start(chargeCard, { ticketId });
    return { ticketId };
  },
});

export const tickets = module("tickets", {
  schema: "tickets",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [buyTicket, chargeCard],
});
