/**
 * Places on the earth as numbers, as Redis keeps them as scores: the bits of latitude and longitude in turn (Morton 1966), 26 each,
 * so that what lies in one square of a grid lies between two numbers. A square is finer by every *step*.
 */

export interface Place {
  readonly longitude: number;
  readonly latitude: number;
}

export interface Degrees {
  readonly min: number;
  readonly max: number;
}

/** A square of a grid of 2^step by 2^step. */
export interface Square {
  readonly step: number;
  /** From west to east ... */
  readonly column: number;
  /** ... and from south to north. */
  readonly row: number;
}

export const STEP_MAX = 26;
export const LONGITUDES: Degrees = { min: -180, max: 180 };
/** As far as the Mercator projection of maps on the web goes. */
export const LATITUDES: Degrees = { min: -85.05112878, max: 85.05112878 };
const ALL_LATITUDES: Degrees = { min: -90, max: 90 };

const HALF_BITS = 13;
const HALF = 2 ** HALF_BITS;
const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const TEXT_LENGTH = 11;
const LETTER_BITS = 5;

export function isPlace({ longitude, latitude }: Place): boolean {
  const isLongitude = longitude >= LONGITUDES.min && longitude <= LONGITUDES.max;
  return isLongitude && latitude >= LATITUDES.min && latitude <= LATITUDES.max;
}

export function squareOf({ longitude, latitude }: Place, step: number, latitudes = LATITUDES): Square {
  const share = (value: number, { min, max }: Degrees) => Math.trunc(((value - min) / (max - min)) * 2 ** step);
  return { step, column: share(longitude, LONGITUDES), row: share(latitude, latitudes) };
}

/** The bits of both in turn, those of the row lowest. The last step has numbers up to 2^54, and the greatest of them rounded. */
function bitsOf({ column, row }: Square): number {
  const low = woven(column % HALF, row % HALF);
  return woven(Math.floor(column / HALF), Math.floor(row / HALF)) * HALF * HALF + low;
}

/** Of less than 2^15 each. */
function woven(column: number, row: number): number {
  return spread(row) + spread(column) * 2;
}

/** A zero above every bit. */
function spread(value: number): number {
  let bits = value;
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}

export function scoreOfPlace(place: Place): number {
  return bitsOf(squareOf(place, STEP_MAX));
}

/** Scores of what lies in a square: from the first to before the last. */
export function scoresOf(square: Square): Degrees {
  const bits = bitsOf(square);
  const size = 4 ** (STEP_MAX - square.step);
  return { min: bits * size, max: (bits + 1) * size };
}

/** The square of any score, also of one that is no place. */
function squareOfScore(score: number): Square {
  const whole = Math.trunc(score);
  if (whole >= 0 && whole <= Number.MAX_SAFE_INTEGER) {
    const [high, low] = [Math.floor(whole / (HALF * HALF)), whole % (HALF * HALF)];
    const column = gathered(high >>> 1) * HALF + gathered(low >>> 1);
    return { step: STEP_MAX, column, row: gathered(high) * HALF + gathered(low) };
  }
  const bits = Number.isFinite(whole) ? BigInt.asUintN(64, BigInt(whole)) : 0n;
  return { step: STEP_MAX, column: everySecond(bits >> 1n), row: everySecond(bits) };
}

/** Every second bit of up to 28: `spread` undone. */
function gathered(value: number): number {
  let bits = value & 0x55555555;
  bits = (bits | (bits >>> 1)) & 0x33333333;
  bits = (bits | (bits >>> 2)) & 0x0f0f0f0f;
  bits = (bits | (bits >>> 4)) & 0x00ff00ff;
  return (bits | (bits >>> 8)) & 0x0000ffff;
}

function everySecond(bits: bigint): number {
  let value = 0;
  for (let place = 1, left = bits; left > 0n; place *= 2, left >>= 2n) if ((left & 1n) === 1n) value += place;
  return value;
}

export function longitudesOf({ step, column }: Square): Degrees {
  return sliceOf(LONGITUDES, step, column);
}

export function latitudesOf({ step, row }: Square): Degrees {
  return sliceOf(LATITUDES, step, row);
}

function sliceOf({ min, max }: Degrees, step: number, index: number): Degrees {
  const size = max - min;
  return { min: min + (index / 2 ** step) * size, max: min + ((index + 1) / 2 ** step) * size };
}

/** The middle of the square that a score is. */
export function placeOfScore(score: number): Place {
  const square = squareOfScore(score);
  return {
    longitude: middleOf(longitudesOf(square), LONGITUDES),
    latitude: middleOf(latitudesOf(square), LATITUDES),
  };
}

function middleOf({ min, max }: Degrees, within: Degrees): number {
  return Math.min(Math.max((min + max) / 2, within.min), within.max);
}

/** The square next to another, around the earth. */
export function neighbour({ step, column, row }: Square, east: number, north: number): Square {
  const count = 2 ** step;
  return { step, column: (column + east + count) % count, row: (row + north + count) % count };
}

/** As geohash.org writes it, of the poles as well; there are bits for all of its letters but the last. */
export function textOfScore(score: number): string {
  let bits = BigInt(bitsOf(squareOf(placeOfScore(score), STEP_MAX, ALL_LATITUDES)));
  bits >>= BigInt(2 * STEP_MAX - LETTER_BITS * (TEXT_LENGTH - 1));
  let text = ALPHABET.charAt(0);
  for (; text.length < TEXT_LENGTH; bits >>= BigInt(LETTER_BITS)) text = ALPHABET.charAt(Number(bits & 31n)) + text;
  return text;
}
