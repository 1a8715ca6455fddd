import { describe, expect, it } from "vitest";
import type { Key, SpaceId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE, SPACE_MAX, SYSTEM_SPACE } from "../../src/base/shard-id.ts";
import { definitionKey, grantKey, isKeyspaceName, Keyspaces, spaceOfName } from "../../src/cluster/keyspaces.ts";
import { POLICY_ALL, type Policy, policyOf } from "../../src/cluster/placement/policy.ts";
import { encodePolicy } from "../../src/cluster/placement/policy-codec.ts";

const two = policyOf({ replication: 2 });
const hourly = policyOf({ replication: "all", maxTtlMs: 3_600_000 });

function learnt(...definitions: readonly (readonly [string, Policy])[]) {
  const added: SpaceId[] = [];
  const keyspaces = new Keyspaces((space) => added.push(space));
  for (const [name, policy] of definitions) keyspaces.learn(definitionKey(name), encodePolicy(policy));
  return { keyspaces, added };
}

/** The first two names of one space among `n0`, `n1`, ... were looked for by trial. */
const TWINS = ["n18717", "n32582"] as const;

describe("keyspaces", () => {
  it("always have default, whose policy can be changed", () => {
    const { keyspaces, added } = learnt();
    expect(keyspaces.all()).toMatchObject([{ name: "default", space: DEFAULT_SPACE, policy: POLICY_ALL }]);
    expect(keyspaces.learn(definitionKey("default"), encodePolicy(two))).toBe(true);
    expect(keyspaces.policyOf(DEFAULT_SPACE)).toEqual(two);
    expect(added).toEqual([]);
  });

  it("are those that were defined, each with a space that follows from its name alone", () => {
    const { keyspaces, added } = learnt(["sessions", two], ["7", hourly]);
    expect(keyspaces.all().map(({ name }) => name)).toEqual(["7", "default", "sessions"]);
    expect(keyspaces.get("sessions")).toMatchObject({ space: spaceOfName("sessions"), policy: two });
    expect(keyspaces.policyOf(spaceOfName("7"))).toEqual(hourly);
    expect(keyspaces.get("no")).toBe(undefined);
    expect(added).toEqual([spaceOfName("sessions"), spaceOfName("7")]);
    // To the bit what they were: keys are found by them.
    expect(["sessions", "7"].map(spaceOfName)).toEqual([424807081, 1275736041]);
  });

  it("take the definition that is held now, and tell whether that is news", () => {
    const { keyspaces, added } = learnt(["a", two]);
    expect(keyspaces.learn(definitionKey("a"), encodePolicy(two))).toBe(false);
    expect(keyspaces.learn(definitionKey("a"), encodePolicy(hourly))).toBe(true);
    expect(keyspaces.policyOf(spaceOfName("a"))).toEqual(hourly);
    expect(added).toEqual([spaceOfName("a")]);
  });

  it("that are taken for granted give way to every definition, whichever was learnt first", () => {
    for (const isGrantedFirst of [true, false]) {
      const { keyspaces, added } = learnt();
      const steps = [grantKey("1"), definitionKey("1")].map(
        (key) => () => keyspaces.learn(key, encodePolicy(key === grantKey("1") ? POLICY_ALL : two)),
      );
      const news = (isGrantedFirst ? steps : steps.reverse()).map((learn) => learn());
      expect(news).toEqual([true, isGrantedFirst]);
      expect(keyspaces.policyOf(spaceOfName("1"))).toEqual(two);
      expect(keyspaces.decidedBy(grantKey("1"))).toBe(undefined);
      expect(keyspaces.decidedBy(definitionKey("1"))).toMatchObject({ name: "1", policy: two });
      expect(keyspaces.digest()).toEqual(learnt(["1", two]).keyspaces.digest());
      expect(added).toEqual([spaceOfName("1")]);
    }
    const { keyspaces } = learnt();
    keyspaces.learn(grantKey("1"), encodePolicy(POLICY_ALL));
    expect(keyspaces.decidedBy(grantKey("1"))).toMatchObject({ name: "1", policy: POLICY_ALL });
  });

  it("have digests that are equal where the same was learnt, in whatever order", () => {
    const digest = (...definitions: readonly (readonly [string, Policy])[]) =>
      learnt(...definitions).keyspaces.digest();
    const both = digest(["a", two], ["b", hourly]);
    expect(digest(["b", hourly], ["a", two])).toEqual(both);
    expect(digest(["a", hourly], ["a", two], ["b", hourly])).toEqual(both);
    for (const other of [
      digest(),
      digest(["a", two]),
      digest(["a", hourly], ["b", two]),
      digest(["a", two], ["c", hourly]),
    ]) {
      expect(other).not.toEqual(both);
    }
  });

  it("keep all copies where a definition cannot be read here, and tell it apart from one that says so", () => {
    const { keyspaces } = learnt();
    keyspaces.learn(definitionKey("later"), Uint8Array.of(9, 9));
    expect(keyspaces.get("later")?.policy).toEqual(POLICY_ALL);
    expect(keyspaces.digest()).not.toEqual(learnt(["later", POLICY_ALL]).keyspaces.digest());
  });

  it.each(["", "Sessions", "a".repeat(65), "a b", "ä", "a/b", "a."])("cannot be named %j", (name) => {
    expect(isKeyspaceName(name)).toBe(false);
    const { keyspaces } = learnt();
    expect(keyspaces.learn(definitionKey(name), encodePolicy(two))).toBe(false);
    expect(keyspaces.learn(name as Key, encodePolicy(two))).toBe(false);
    expect(keyspaces.all()).toHaveLength(1);
  });

  it("do not share a space: of two that were given one apart, the same one has it everywhere", () => {
    const [first, second] = TWINS;
    expect(spaceOfName(first)).toBe(spaceOfName(second));
    expect(learnt([first, two]).keyspaces.clashOf(second)).toBe(first);
    for (const order of [TWINS, [...TWINS].reverse()]) {
      const { keyspaces, added } = learnt(...order.map((name) => [name, name === first ? two : hourly] as const));
      expect(keyspaces.all().map(({ name }) => name)).toEqual(["default", first]);
      expect(keyspaces.policyOf(spaceOfName(first))).toEqual(two);
      expect(added).toEqual([spaceOfName(first)]);
    }
  });

  it("say which share of the memory each may count on, by space: of two names of one space the holder's", () => {
    const [first, second] = TWINS;
    const half: Policy = { replication: "all", memoryShare: 0.5 };
    const { keyspaces } = learnt([second, half], ["default", half], ["none", two]);
    expect(keyspaces.memoryShares()).toEqual(
      new Map([
        [DEFAULT_SPACE, 0.5],
        [spaceOfName(second), 0.5],
      ]),
    );
    keyspaces.learn(definitionKey(first), encodePolicy(two));
    expect(keyspaces.memoryShares()).toEqual(new Map([[DEFAULT_SPACE, 0.5]]));
  });

  it("leave the spaces of default and of the system to these", () => {
    for (let i = 0; i < 10_000; i++) {
      const space = spaceOfName(`n${i}`);
      expect(space > SYSTEM_SPACE && space <= SPACE_MAX).toBe(true);
    }
  });
});
