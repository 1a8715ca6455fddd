import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distance, distanceWithin, type Shape, squaresOf } from "../../../src/commands/geo/geo-shape.ts";
import { isPlace, type Place, placeOfScore, scoreOfPlace, scoresOf } from "../../../src/commands/geo/geohash.ts";

const placeBetween = (latitude: number) =>
  fc.record({
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    latitude: fc.double({ min: -latitude, max: latitude, noNaN: true }),
  });

/** A place about so far away. */
function aside({ longitude, latitude }: Place, metres: number, direction: number): Place {
  const degrees = metres / 111_000;
  const east = (degrees * Math.cos(direction)) / Math.cos((latitude * Math.PI) / 180);
  const turned = ((longitude + east + 540) % 360) - 180;
  return { longitude: turned, latitude: latitude + degrees * Math.sin(direction) };
}

describe("a place", () => {
  it("is a score that is less than a meter away", () => {
    fc.assert(
      fc.property(placeBetween(85), (place) => {
        expect(distance(placeOfScore(scoreOfPlace(place)), place)).toBeLessThan(1);
      }),
    );
  });

  it("is somewhere whatever the score", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (score) => {
        expect(isPlace(placeOfScore(score))).toBe(true);
      }),
    );
  });

  it("lies in one of the squares of a shape that it lies in", () => {
    const share = fc.double({ min: 0, max: 1.2, noNaN: true });
    const direction = fc.double({ min: 0, max: 2 * Math.PI, noNaN: true });
    const size = fc.double({ min: 1, max: 1_000_000, noNaN: true });
    fc.assert(
      fc.property(placeBetween(60), size, share, direction, fc.boolean(), (centre, metres, far, towards, isBox) => {
        const shape: Shape = isBox
          ? { centre, type: "box", width: 2 * metres, height: metres }
          : { centre, type: "circle", radius: metres };
        const score = scoreOfPlace(aside(centre, far * metres, towards));
        if (distanceWithin(shape, placeOfScore(score)) === undefined) return;
        const squares = squaresOf(shape).map(scoresOf);
        expect(squares.some(({ min, max }) => score >= min && score < max)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
