/** Circles and boxes on the earth, taken for a sphere, and which squares (`geohash.ts`) hold all that lies in them, as Redis finds them. */

import { latitudesOf, longitudesOf, neighbour, type Place, type Square, STEP_MAX, squareOf } from "./geohash.ts";

const EARTH_RADIUS_METERS = 6372797.560856;
/** Half of the way around the earth, on maps. */
const MERCATOR_MAX_METERS = 20037726.37;
const RADIANS = Math.PI / 180;

/** Sizes in meters. */
export type Shape = { readonly centre: Place } & (
  | { readonly type: "circle"; readonly radius: number }
  | { readonly type: "box"; readonly width: number; readonly height: number }
);

/** In meters, by the haversine. */
export function distance(a: Place, b: Place): number {
  const [latitudeA, latitudeB] = [a.latitude * RADIANS, b.latitude * RADIANS];
  const u = Math.sin((latitudeB - latitudeA) / 2);
  const v = Math.sin((b.longitude * RADIANS - a.longitude * RADIANS) / 2);
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(u * u + Math.cos(latitudeA) * Math.cos(latitudeB) * v * v));
}

/** From the centre, in meters; undefined: it lies outside. */
export function distanceWithin(shape: Shape, place: Place): number | undefined {
  const { centre } = shape;
  if (shape.type === "circle") {
    const metres = distance(centre, place);
    return metres > shape.radius ? undefined : metres;
  }
  const northwards = EARTH_RADIUS_METERS * Math.abs(place.latitude * RADIANS - centre.latitude * RADIANS);
  if (northwards > shape.height / 2) return undefined;
  const eastwards = distance(place, { longitude: centre.longitude, latitude: place.latitude });
  return eastwards > shape.width / 2 ? undefined : distance(centre, place);
}

interface Bounds {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

function boundsOf(shape: Shape): Bounds {
  const { longitude, latitude } = shape.centre;
  const [width, height] = shape.type === "circle" ? [shape.radius, shape.radius] : [shape.width / 2, shape.height / 2];
  const up = height / EARTH_RADIUS_METERS / RADIANS;
  // Meridians lie closest at the side of the nearer pole.
  const nearest = latitude < 0 ? latitude - up : latitude + up;
  const aside = width / EARTH_RADIUS_METERS / Math.cos(nearest * RADIANS) / RADIANS;
  return { west: longitude - aside, east: longitude + aside, south: latitude - up, north: latitude + up };
}

/** So fine that a square and those around it hold the shape, mostly. */
function stepFor(metres: number, latitude: number): number {
  if (metres === 0) return STEP_MAX;
  let step = 1;
  for (let size = metres; size < MERCATOR_MAX_METERS; size *= 2) step++;
  step -= 2;
  if (Math.abs(latitude) > 66) step--;
  if (Math.abs(latitude) > 80) step--;
  return Math.min(Math.max(step, 1), STEP_MAX);
}

/** One of those next to it does not reach as far as the shape does. */
function isTooFine(square: Square, { west, east, south, north }: Bounds): boolean {
  return (
    latitudesOf(neighbour(square, 0, 1)).max < north ||
    latitudesOf(neighbour(square, 0, -1)).min > south ||
    longitudesOf(neighbour(square, 1, 0)).max < east ||
    longitudesOf(neighbour(square, -1, 0)).min > west
  );
}

/** Steps east and north, in the order in which Redis goes through them. */
const AROUND = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** Squares that hold all that lies in a shape, and more; none twice but those around the whole earth, which Redis leaves out in a row alone. */
export function squaresOf(shape: Shape): readonly Square[] {
  const bounds = boundsOf(shape);
  const metres = shape.type === "circle" ? shape.radius : Math.hypot(shape.width / 2, shape.height / 2);
  let step = stepFor(metres, shape.centre.latitude);
  if (step > 1 && isTooFine(squareOf(shape.centre, step), bounds)) step--;
  const centre = squareOf(shape.centre, step);
  const [longitudes, latitudes] = [longitudesOf(centre), latitudesOf(centre)];
  const isNeeded = ([east, north]: readonly [number, number]): boolean => {
    if (step < 2) return true;
    return !(
      (north < 0 && latitudes.min < bounds.south) ||
      (north > 0 && latitudes.max > bounds.north) ||
      (east < 0 && longitudes.min < bounds.west) ||
      (east > 0 && longitudes.max > bounds.east)
    );
  };
  const squares: Square[] = [];
  for (const [east, north] of AROUND.filter(isNeeded)) {
    const square = neighbour(centre, east, north);
    const last = squares.at(-1);
    if (last === undefined || last.column !== square.column || last.row !== square.row) squares.push(square);
  }
  return squares;
}
