import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/base/bytes.ts";
import { TIMESTAMP_MAX } from "../../../src/core/clock.ts";
import { BUCKETS } from "../../../src/core/record/bucket.ts";
import { decodePurgeMarks, encodePurgeMarks, PurgeMarks } from "../../../src/core/shard/purge-marks.ts";

const raises = fc.array(
  fc.tuple(fc.integer({ min: 0, max: BUCKETS - 1 }), fc.integer({ min: 1, max: TIMESTAMP_MAX })),
  { maxLength: 12 },
);

function stampsOf(marks: PurgeMarks | undefined): number[] {
  return Array.from({ length: BUCKETS }, (_, bucket) => marks?.of(bucket) ?? 0);
}

function throughBytes(marks: PurgeMarks): PurgeMarks | undefined {
  const writer = new ByteWriter();
  encodePurgeMarks(writer, marks);
  const reader = new ByteReader(writer.copy());
  const back = decodePurgeMarks(reader);
  reader.finish();
  return back;
}

describe("purge marks", () => {
  it("keep the newest stamp of each bucket, in bytes too, whenever they are written", () => {
    fc.assert(
      fc.property(raises, (list) => {
        const marks = new PurgeMarks();
        const twin = new Array<number>(BUCKETS).fill(0);
        for (const [bucket, stamp] of list) {
          marks.raise(bucket, stamp);
          twin[bucket] = Math.max(twin[bucket] ?? 0, stamp);
          expect(stampsOf(throughBytes(marks))).toEqual(twin);
        }
        expect(stampsOf(marks)).toEqual(twin);
      }),
    );
  });

  it("merge to the newer of both, bucket by bucket", () => {
    fc.assert(
      fc.property(raises, raises, (one, other) => {
        const [a, b, both] = [new PurgeMarks(), new PurgeMarks(), new PurgeMarks()];
        for (const [bucket, stamp] of one) a.raise(bucket, stamp);
        for (const [bucket, stamp] of other) b.raise(bucket, stamp);
        for (const [bucket, stamp] of [...other, ...one]) both.raise(bucket, stamp);
        a.merge(b);
        expect(stampsOf(a)).toEqual(stampsOf(both));
      }),
    );
  });
});
