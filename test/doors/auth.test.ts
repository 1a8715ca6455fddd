import { describe, expect, it } from "vitest";
import {
  authenticate,
  authorise,
  bearerToken,
  createAuth,
  openAuth,
  type Permission,
  type TokenEntry,
} from "../../src/doors/auth.ts";

const entries: readonly TokenEntry[] = [
  { token: "reader", scopes: ["read"] },
  { token: "writer", scopes: ["read", "write"] },
  { token: "tenant", scopes: ["read", "write", "admin"], prefix: "té/" },
  { token: "admin", scopes: ["admin"] },
];
const auth = createAuth(entries);

describe("authenticate", () => {
  it("knows every token of the list and no other", () => {
    for (const { token, scopes } of entries) expect([...authenticate(auth, token).scopes]).toEqual(scopes);
    for (const token of [undefined, "", "read", "readerx", "READER", "constructor"]) {
      expect(() => authenticate(auth, token)).toThrow(expect.objectContaining({ code: "UNAUTHORIZED" }));
    }
  });

  it("lets nobody in with an empty list, and everybody without one", () => {
    expect(() => authenticate(createAuth([]), "")).toThrow(expect.objectContaining({ code: "UNAUTHORIZED" }));
    expect(authenticate(openAuth, undefined).scopes.has("admin")).toBe(true);
  });
});

describe("authorise", () => {
  const tenantKey = "t\xc3\xa9/key";
  const cases: readonly (readonly [token: string, what: Permission, under: string, allowed: boolean])[] = [
    ["reader", "read", "any", true],
    ["reader", "write", "any", false],
    ["reader", "observe", "", true],
    ["reader", "admin", "", false],
    ["writer", "write", "any", true],
    ["writer", "admin", "", false],
    ["tenant", "read", tenantKey, true],
    ["tenant", "write", tenantKey, true],
    ["tenant", "read", "t\xc3\xa9/", true],
    ["tenant", "read", "t\xc3\xa9", false],
    ["tenant", "read", "", false],
    ["tenant", "read", "té/key", false],
    ["tenant", "observe", "", false],
    ["tenant", "admin", "", false],
    ["admin", "read", "any", false],
    ["admin", "observe", "", true],
    ["admin", "admin", "", true],
  ];

  it.each(cases)("%s may %s %j: %s", (token, what, under, allowed) => {
    const judge = () => authorise(authenticate(auth, token), what, under);
    if (allowed) expect(judge).not.toThrow();
    else expect(judge).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
  });
});

describe("bearerToken", () => {
  it.each([
    [undefined, undefined],
    ["Bearer abc", "abc"],
    ["bearer   abc ", "abc"],
    ["Basic abc", undefined],
    ["Bearer", undefined],
    ["Bearer a b", undefined],
    ["Bearerabc", undefined],
  ])("of %j is %j", (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
