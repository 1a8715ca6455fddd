/** SHA-256 (FIPS 180-4) where there is no library to ask: some 30 MB a second. */

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;
const ROUNDS = 64;
const TWO_32 = 4294967296;

/** The first 32 binary digits behind the point of the roots of the first primes: of their cube roots, and of their square roots. */
const CONSTANTS = new Int32Array(ROUNDS);
const START = new Int32Array(8);

for (let candidate = 2, found = 0; found < ROUNDS; candidate++) {
  let isPrime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false;
  if (!isPrime) continue;
  if (found < START.length) START[found] = fractionOf(Math.sqrt(candidate));
  CONSTANTS[found++] = fractionOf(Math.cbrt(candidate));
}

function fractionOf(root: number): number {
  return Math.floor((root - Math.floor(root)) * TWO_32) | 0;
}

/** 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  const state = START.slice();
  const schedule = new Int32Array(ROUNDS);
  const padded = new Uint8Array(Math.ceil((message.length + 1 + LENGTH_BYTES) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor((message.length * 8) / TWO_32));
  view.setUint32(padded.length - 4, (message.length * 8) % TWO_32);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) mix(state, schedule, view, at);
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < state.length; i++) out.setInt32(4 * i, state[i] as number);
  return digest;
}

function mix(state: Int32Array, schedule: Int32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < ROUNDS; i++) {
    const [early, late] = [schedule[i - 15] as number, schedule[i - 2] as number];
    const low = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const high = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    schedule[i] = ((schedule[i - 16] as number) + low + (schedule[i - 7] as number) + high) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < ROUNDS; i++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (CONSTANTS[i] as number);
    const sum = (first + (schedule[i] as number)) | 0;
    const other = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + sum) | 0;
    d = c;
    c = b;
    b = a;
    a = (sum + other) | 0;
  }
  const result = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < state.length; i++) state[i] = ((state[i] as number) + (result[i] as number)) | 0;
}

function turned(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
