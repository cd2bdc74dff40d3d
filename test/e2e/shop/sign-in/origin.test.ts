import assert from "node:assert/strict";
import { it } from "node:test";
import { readSettings } from "../../../../examples/shop/settings.ts";

for (const origin of ["https://shop.example.com", "http://localhost:3000", undefined])
  it(`takes ${origin} as the origin of the pages`, () => assert.equal(readSettings({ ORIGIN: origin }).ORIGIN, origin));

for (const origin of ["http://shop.example.com", "https://192.0.2.7", "https://[2001:db8::1]", "shop.example.com"])
  it(`refuses ${origin} as the origin of the pages`, () =>
    assert.throws(() => readSettings({ ORIGIN: origin }), /ORIGIN in the environment/));
