import fc from "fast-check";
import { expect, test } from "vitest";
import { EventStreamParser, type StreamEvent } from "../../src/client/event-stream.ts";

const STREAM =
  ": comment\n\nid: 1\nevent: put\ndata: {\ndata: }\n\nevent:x\r\ndata\r\n\r\rid: 2\rdata:y\r\rretry: 5\n\nevent: z\n\n";
const EVENTS: readonly StreamEvent[] = [
  { type: "put", data: "{\n}", id: "1" },
  { type: "x", data: "", id: "1" },
  { type: "message", data: "y", id: "2" },
];

test("finds the same events however the stream is cut", () => {
  expect(new EventStreamParser().push(STREAM)).toEqual(EVENTS);
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 8 }), (cuts) => {
      const parser = new EventStreamParser();
      const places = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const found = places.slice(1).flatMap((end, index) => parser.push(STREAM.slice(places[index], end)));
      expect(found).toEqual(EVENTS);
    }),
  );
});

test("refuses an event that grows without end", () => {
  const parser = new EventStreamParser();
  const piece = `data: ${"x".repeat(8 * 1024 ** 2)}\n`;
  expect(() => {
    for (let i = 0; i < 20; i++) parser.push(piece);
  }).toThrow("too long");
});
