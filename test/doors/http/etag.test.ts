import { describe, expect, it } from "vitest";
import { isUnchanged, parseCondition } from "../../../src/doors/http/etag.ts";

describe("the condition of a write", () => {
  it.each([
    [{}, undefined],
    [{ "if-none-match": "*" }, { type: "absent" }],
    [{ "if-match": "*" }, { type: "present" }],
    [{ "if-match": '"a"' }, { type: "version", versions: ["a"] }],
    [{ "if-match": ' "a" , W/"b", "c"' }, { type: "version", versions: ["a", "c"] }],
    [{ "if-match": 'W/"a"' }, { type: "version", versions: [] }],
  ])("of %j is %j", (headers, condition) => {
    expect(parseCondition(headers)).toEqual(condition);
  });

  it.each([
    { "if-none-match": '"a"' },
    { "if-match": "a" },
    { "if-match": '"a' },
    { "if-match": "" },
    { "if-match": '"a", *' },
    { "if-match": Array(101).fill('"a"').join(",") },
    { "if-match": "*", "if-none-match": "*" },
  ])("refuses %j", (headers) => {
    expect(() => parseCondition(headers)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
});

it("a read is unchanged when its version is listed, weakly or not", () => {
  expect(isUnchanged(undefined, "a")).toBe(false);
  expect(isUnchanged("*", "a")).toBe(true);
  expect(isUnchanged('"b", W/"a"', "a")).toBe(true);
  expect(isUnchanged('"b"', "a")).toBe(false);
});
