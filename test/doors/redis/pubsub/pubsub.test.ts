/** What tells subscriptions the time. */

import { expect, test } from "vitest";
import { Pubsub } from "../../../../src/doors/redis/pubsub/pubsub.ts";

test("nothing is scheduled before it is started, or after it is closed", () => {
  let scheduled = 0;
  const pubsub = new Pubsub({
    peers: { whisper: () => {}, onWhisper: () => () => {} },
    store: { watch: () => ({ resume: () => "", close: () => {} }) } as never,
    commands: { tellOf: () => {} },
    clock: { now: () => 0 },
    scheduler: {
      after: () => {
        scheduled += 1;
        return () => {
          scheduled -= 1;
        };
      },
    },
  });
  expect(scheduled).toBe(0);
  pubsub.start();
  expect(scheduled).toBe(1);
  pubsub.close();
  expect(scheduled).toBe(0);
});
