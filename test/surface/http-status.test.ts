import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Code, codes } from "../../src/core/code.ts";
import { Fault, fault } from "../../src/core/fault.ts";
import { httpStatuses, httpStatusOf } from "../../src/surface/http-status.ts";

/** The design's table, written a second time on purpose. */
const table: Record<Code, number> = {
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  aborted: 409,
  resource_exhausted: 429,
  cancelled: 499,
  deadline_exceeded: 504,
  unavailable: 503,
  unimplemented: 501,
  internal: 500,
};

describe("HTTP statuses", () => {
  it("has one for each code", () => {
    assert.deepEqual(Object.keys(httpStatuses).toSorted(), Object.keys(codes).toSorted());
    for (const [code, status] of Object.entries(table))
      assert.equal(httpStatusOf(new Fault({ code: code as Code, message: "No." })), status, code);
  });

  it("is the one that a fault declares", () => {
    const Busy = fault("busy", { code: "unavailable", message: "Busy. Come back.", status: 529 });
    assert.deepEqual([httpStatusOf(Busy), httpStatusOf(new Busy({}))], [529, 529]);
    assert.equal(httpStatusOf(fault("idle", { code: "unavailable", message: "Idle." })), 503);
  });

  it("is more precise for a type of the layers below", () =>
    assert.equal(httpStatusOf(new Fault({ code: "invalid_argument", type: "too_many_values", message: "Too many." })), 413));
});
