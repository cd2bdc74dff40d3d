import type { Opened } from "../../../examples/shop/seed.ts";
import { Fleet, type FleetSpec } from "../../../examples/shop/services/fleet.ts";
import { createCaller, openInServices } from "../../../examples/shop/services/opening.ts";
import { createShop } from "../../../examples/shop/shop.ts";
import type { App } from "../../../src/app/app.ts";
import { postgres } from "../../../src/postgres/database.ts";

/** What a campaign tells the files of the shop's suite that it runs: they open the shop as four services. */
export const servicesVariable = "PLIMSOLL_CAMPAIGN_SERVICES";

/** Whether the campaign that runs this file wants services. */
export const onServices = (): boolean => process.env[servicesVariable] === "yes";

/** The shop as four processes, with what a test has of a shop in one. */
export interface OpenedServices {
  readonly fleet: Fleet;
  /** Looks after durable work by the database, as an operator does. It runs none, and it serves no request of a test. */
  readonly app: App;
  /** Calls an operation where its service runs it, as one service calls another. */
  readonly call: App["call"];
  readonly opened: Opened;
  stop(): Promise<void>;
}

/** Starts the four services with one door, and opens the shops in them. */
export async function openServices(spec: Omit<FleetSpec, "database"> & { readonly database: { url: string; adminUrl: string } }) {
  const { secret, mailDirectory, database } = spec;
  const { url, adminUrl } = database;
  const fleet = await Fleet.start({ ...spec, database: { url, adminUrl }, oneDoor: true });
  const operator = createShop({
    secret,
    mailDirectory,
    port: 0,
    opsPort: 0,
    roles: ["serve"],
    database: postgres({ url, connections: 4 }),
  });
  const caller = createCaller(fleet.given);
  const stop = async () => {
    await caller.stop();
    await operator.stop();
    await fleet.stop();
  };
  try {
    await Promise.all([operator.start(), caller.start()]);
    // The seed is one transaction of two services: none of them has it.
    const call: App["call"] = (operation, input, options) =>
      (operation.name.startsWith("seed.") ? operator : caller).call(operation, input, options);
    return { fleet, app: operator, call, opened: await openInServices(fleet.given), stop } satisfies OpenedServices;
  } catch (error) {
    await stop();
    throw error;
  }
}
