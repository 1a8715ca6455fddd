import { expect, test } from "vitest";
import { type Subscriber, Subscriptions } from "../../../../src/doors/redis/pubsub/subscriptions.ts";

const deaf = (): Subscriber => ({ heard: () => {} });
const limits = { perSubscriberMax: 3, patternsMax: 2, namesMax: 5 };

test("one subscriber has so many subscriptions and no more, and room again once it gave one up", () => {
  const subscriptions = new Subscriptions(limits);
  const one = deaf();
  expect(subscriptions.subscribe(one, "ca")).toBe(true);
  expect(subscriptions.subscribe(one, "sa")).toBe(true);
  expect(subscriptions.subscribePattern(one, "*")).toBe(true);
  expect(subscriptions.subscribe(one, "cb")).toBe(false);
  expect(subscriptions.subscribePattern(one, "?")).toBe(false);
  expect(subscriptions.subscribe(one, "ca")).toBe(true);
  subscriptions.unsubscribePattern(one, "*");
  expect(subscriptions.subscribe(one, "cb")).toBe(true);
});

test("all subscribers have so many patterns, and so many subscriptions", () => {
  const subscriptions = new Subscriptions(limits);
  const all = [deaf(), deaf(), deaf()];
  expect(all.map((each) => subscriptions.subscribePattern(each, "*"))).toEqual([true, true, false]);
  expect(all.map((each) => subscriptions.subscribe(each, "ca"))).toEqual([true, true, true]);
  expect(subscriptions.subscribe(deaf(), "ca")).toBe(false);
});

test("who has given everything up is not remembered", () => {
  const subscriptions = new Subscriptions(limits);
  const one = deaf();
  subscriptions.subscribe(one, "sa");
  expect(subscriptions.of(one).sharded).toBe(1);
  subscriptions.subscribePattern(one, "*");
  subscriptions.unsubscribe(one, "sa");
  subscriptions.unsubscribe(one, "sa");
  subscriptions.unsubscribePattern(one, "*");
  expect([...subscriptions.of(one).topics, ...subscriptions.of(one).patterns]).toEqual([]);
  expect([subscriptions.topicCount, subscriptions.patternCount, subscriptions.of(one).sharded]).toEqual([0, 0, 0]);
});

test("whoever stops listening while a message is told spoils it for nobody", () => {
  const subscriptions = new Subscriptions(limits);
  let heard = 0;
  const leaving: Subscriber = { heard: () => subscriptions.unsubscribe(leaving, "ca") };
  subscriptions.subscribe(leaving, "ca");
  subscriptions.subscribe({ heard: () => heard++ }, "ca");
  expect(subscriptions.publish("ca", new Uint8Array(1))).toBe(2);
  expect(subscriptions.publish("ca", new Uint8Array(1))).toBe(1);
  expect(heard).toBe(2);
});
