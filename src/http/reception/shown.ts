import type { ListenerOptions } from "../connections/listener-options.ts";
import { forPerson } from "../problem-page/page.ts";
import type { HttpReply } from "../reply/reply.ts";

/** A reply as a server sends it to a client that accepts this: with the headers of the server, and as a page where its reader wants one. */
export function shown(reply: HttpReply, { own }: Pick<ListenerOptions, "own">, accept: string | undefined): HttpReply {
  const fitting = forPerson(reply, accept);
  if (own === undefined || fitting.constant === undefined) return fitting;
  return { ...fitting, constant: own.of(fitting.constant) };
}
