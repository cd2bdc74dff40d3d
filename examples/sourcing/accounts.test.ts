import { test } from "node:test";
import { deciderSpec } from "plimsoll/testing";
import { account, Overdrawn } from "./accounts.ts";

test("an account is not overdrawn", () => {
  const given = deciderSpec(account);
  const deposited = { name: "bank.deposited", data: { account: "ada", cents: 500 } } as const;
  given([deposited])
    .when({ kind: "withdraw", account: "ada", cents: 200 })
    .then([{ name: "bank.withdrawn", data: { account: "ada", cents: 200 } }]);
  given([deposited]).when({ kind: "withdraw", account: "ada", cents: 900 }).then(Overdrawn);
});
