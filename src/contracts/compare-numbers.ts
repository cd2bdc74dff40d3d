import type { Changes } from "./change.ts";

/** The numbers of a message or an enum of gRPC, as the part `grpc` keeps them. */
interface KeptNumbers {
  readonly numbers: Readonly<Record<string, number>>;
  readonly reserved?: readonly number[];
}

type Messages = Readonly<Record<string, KeptNumbers>>;

/** Compares the numbers of fields: on the wire there are no names, so a number means one thing for ever. */
export function compareNumbers(before: Messages, after: Messages, { changes }: { readonly changes: Changes }): void {
  for (const message of Object.keys(after))
    if (before[message] === undefined) changes.harmless("grpc_message_added", message, "Its fields have numbers that are not kept yet.");
  for (const [message, { numbers: old, reserved = [] }] of Object.entries(before)) {
    const now = after[message];
    const broken = (rule: string, where: string, text: string) =>
      changes.breaks(rule, where, {
        message: text,
        affects: "gRPC callers with the earlier descriptors: they read one field as another",
        fix: "Keep the part grpc of contracts.lock.json as it was, and take a number that was never in use.",
      });
    if (now === undefined) {
      broken("grpc_message_removed", message, "The message is not kept any more, so that its numbers could be given to others.");
      continue;
    }
    const owners = new Map(Object.entries(old).map(([field, number]) => [number, field]));
    for (const [field, number] of Object.entries(now.numbers)) {
      const where = `${message}.${field}`;
      if (old[field] !== undefined && old[field] !== number)
        broken("grpc_number_changed", where, `The number was ${old[field]} and is ${number}.`);
      else if (owners.has(number) && owners.get(number) !== field)
        broken("grpc_number_reused", where, `The number ${number} was that of ${owners.get(number)}.`);
      else if (reserved.includes(number)) broken("grpc_number_reused", where, `The number ${number} is reserved.`);
      else if (old[field] === undefined) changes.harmless("grpc_field_added", where, `The field is new, with the number ${number}.`);
    }
    for (const [field, number] of Object.entries(old))
      if (now.numbers[field] === undefined && !now.reserved?.includes(number) && !Object.values(now.numbers).includes(number))
        broken("grpc_number_released", `${message}.${field}`, `The number ${number} is not reserved.`);
  }
}
