import { openSealed } from "../../operation/vault/sealed.ts";
import type { AskVault, VaultKeys } from "../../operation/vault/vault.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { EventStore } from "../ports/store.ts";

/** On an event that was opened: its data as it is stored. What is set aside is stored as it was. */
const asStored = Symbol("asStored");

type Opened<E> = E & { readonly [asStored]?: string };

/** The same store, in which what is read is opened with the keys of the vault. Where it is written again, it is as it was sealed. */
export function openedStore(store: EventStore, vault: VaultKeys | undefined): EventStore {
  if (vault === undefined) return store;
  const { admin, log, subscriptions, projections } = store;
  const open = async <E extends StoredEvent>(events: readonly E[], ask?: AskVault): Promise<readonly E[]> => {
    const opened = await openSealed(vault, events, { ask });
    return opened.map((event, at) => (event === events[at] ? event : { ...event, [asStored]: events[at]?.data }));
  };
  return {
    admin,
    projections: replacing(projections, {
      inline: replacing(projections.inline, {
        goLive: (hold, of, fold) => projections.inline.goLive(hold, of, async (events, ask) => fold(await open(events, ask), ask)),
      }),
    }),
    log: replacing(log, {
      read: async (...asked) => {
        const batch = await log.read(...asked);
        return { ...batch, events: await open(batch.events) };
      },
    }),
    subscriptions: replacing(subscriptions, {
      duePark: async (...asked) => {
        const due = await subscriptions.duePark(...asked);
        return { ...due, events: await open(due.events) };
      },
      park: (hold, event, how) => subscriptions.park(hold, sealedAgain(event), how),
      deadLetter: (hold, event, how) => subscriptions.deadLetter(hold, sealedAgain(event), how),
      failParked: (hold, event, how) => subscriptions.failParked(hold, sealedAgain(event), how),
    }),
  };
}

function sealedAgain<E extends StoredEvent>(event: Opened<E>): E {
  const data = event[asStored];
  return data === undefined ? event : { ...event, data };
}

/** The same object with some methods replaced, whatever others it has. */
function replacing<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
