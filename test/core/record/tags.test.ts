import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areTags, decodeTags, encodeTags, TAG_BYTES_MAX, TAGS_MAX, tagsOf } from "../../../src/core/record/tags.ts";

const tag = fc.uint8Array({ minLength: 1, maxLength: TAG_BYTES_MAX }).map((bytes) => String.fromCharCode(...bytes));

describe("a list of tags", () => {
  it("has each once, in order, and none is none", () => {
    expect(tagsOf(["b", "a", "b"])).toEqual(["a", "b"]);
    expect(tagsOf([])).toBeUndefined();
    expect(tagsOf(undefined)).toBeUndefined();
  });

  it("is refused where a tag is empty or too long, or there are too many", () => {
    expect(() => tagsOf([""])).toThrow(expect.objectContaining({ code: "BAD_TAG" }));
    expect(() => tagsOf(["x".repeat(TAG_BYTES_MAX + 1)])).toThrow(expect.objectContaining({ code: "BAD_TAG" }));
    expect(() => tagsOf(["Ω"])).toThrow(expect.objectContaining({ code: "BAD_TAG" }));
    const many = Array.from({ length: TAGS_MAX + 1 }, (_, i) => `t${i}`);
    expect(() => tagsOf(many)).toThrow(expect.objectContaining({ code: "TOO_MANY_TAGS" }));
    expect(tagsOf(many.slice(1))).toHaveLength(TAGS_MAX);
  });

  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: TAGS_MAX }), (some) => {
        const tags = tagsOf(some) ?? [];
        const bytes = encodeTags(tags);
        expect(areTags(bytes, 0, bytes.length)).toBe(true);
        expect(decodeTags(bytes, 0, bytes.length)).toEqual(tags);
      }),
    );
  });

  it("is none of what could not have been written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        if (!areTags(bytes, 0, bytes.length)) return;
        const tags = decodeTags(bytes, 0, bytes.length);
        expect(tagsOf(tags)).toEqual(tags);
        expect(encodeTags(tags)).toEqual(bytes);
      }),
    );
    for (const bytes of [[], [0], [2, 97], [1, 98, 1, 97], [1, 97, 1, 97], [1, 97, 0]]) {
      expect(areTags(Uint8Array.from(bytes), 0, bytes.length)).toBe(false);
    }
  });
});
