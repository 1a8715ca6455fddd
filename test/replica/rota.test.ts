import { expect, it } from "vitest";
import { Rota } from "../../src/replica/rota.ts";

/** Who has a turn in each of so many ticks, of those who always have work. */
function turns(names: readonly string[], ticks: number): string[][] {
  const rota = new Rota<string>();
  return Array.from({ length: ticks }, () => {
    rota.begin();
    return names.filter((name) => {
      const may = rota.may(name, true);
      if (may) rota.spent(name);
      return may;
    });
  });
}

it("gives each who has much to do a tick of its own, in turn", () => {
  expect(turns(["a", "b", "c"], 6)).toEqual([["a"], ["b"], ["c"], ["a"], ["b"], ["c"]]);
});

it("gives every tick to one alone", () => {
  expect(turns(["a"], 3)).toEqual([["a"], ["a"], ["a"]]);
});

it("lets those who did little, or have nothing to do, be beside others", () => {
  const rota = new Rota<string>();
  rota.begin();
  expect([rota.may("a", true), rota.may("b", true)]).toEqual([true, true]);
  rota.spent("b");
  expect([rota.may("c", false), rota.may("d", true)]).toEqual([true, false]);
  rota.begin();
  expect([rota.may("b", true), rota.may("d", true)]).toEqual([false, true]);
  rota.begin();
  expect(rota.may("b", true)).toBe(true);
});
