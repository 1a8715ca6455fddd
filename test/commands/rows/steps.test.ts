import { expect, test } from "vitest";
import { OK } from "../../../src/command-reply.ts";
import { type Steps, turnOf } from "../../../src/commands/rows/steps.ts";
import type { Workspace } from "../../../src/commands/workspace/workspace.ts";

test("what its turns have come to an end of, by an answer or by throwing, does not go on for ever", () => {
  const workspace = { takeRoom: () => {} } as unknown as Workspace;
  function* steps(fails: boolean): Steps {
    yield 1;
    if (fails) throw new Error("a value is away");
    return OK;
  }
  const [done, failed] = [turnOf(steps(false)), turnOf(steps(true))];
  expect([done(workspace), done(workspace)]).toEqual([undefined, OK]);
  expect(() => done(workspace)).toThrow("BUG:");
  expect(failed(workspace)).toBeUndefined();
  expect(() => failed(workspace)).toThrow("away");
  expect(() => failed(workspace)).toThrow("BUG:");
});
