// One attacker: many connections from one address, each of which guesses passwords of other users, one after the other, whatever the server answers.
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connectionsFrom, signIn } from "./callers.ts";

/** What the attacker is asked to do. */
export interface Attack {
  readonly url: string;
  readonly address: string;
  readonly connections: number;
  readonly emails: readonly string[];
  /** From a response to the next request of a connection: the way there and back through a network. */
  readonly roundTripMs: number;
}

/** How often the server replied with each status. */
export type Statuses = Readonly<Record<string, number>>;

// A real one has a machine of its own: on this one it has what the shop and the callers who are measured leave.
setPriority(19);

let isOn = false;
process.on("message", (message: Attack | "stop") => {
  if (message === "stop") {
    isOn = false;
    return;
  }
  isOn = true;
  void attack(message).then((statuses) => process.send?.(statuses));
});
process.once("SIGTERM", () => process.exit(0));

async function attack({ url, address, connections, emails, roundTripMs }: Attack): Promise<Statuses> {
  const agent = connectionsFrom(address, connections);
  const statuses: Record<string, number> = {};
  let guesses = 0;
  const guessAlways = async () => {
    while (isOn) {
      const guess = guesses++;
      const body = JSON.stringify({ tenant: "acme", email: emails[guess % emails.length], password: `guess number ${guess}` });
      const { status } = await signIn({ agent, url, body });
      statuses[status] = (statuses[status] ?? 0) + 1;
      await sleep(roundTripMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, guessAlways));
  agent.destroy();
  return statuses;
}
