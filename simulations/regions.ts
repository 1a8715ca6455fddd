/**
 * Round trips between regions of a public cloud on six continents: medians over 30 days, measured between the regions of
 * Azure and published in its documentation ("Azure network round-trip latency statistics", 21 June to 21 July 2023). A
 * path has half of the round trip each way, which the real ones need not.
 */

/** Each region by the name of its city or state, and Azure's name for it. */
const AZURE_NAMES = {
  virginia: "East US",
  california: "West US",
  toronto: "Canada Central",
  "sao-paulo": "Brazil South",
  dublin: "North Europe",
  frankfurt: "Germany West Central",
  johannesburg: "South Africa North",
  dubai: "UAE North",
  mumbai: "West India",
  singapore: "Southeast Asia",
  tokyo: "Japan East",
  sydney: "Australia East",
} as const satisfies Record<string, string>;

export type RegionName = keyof typeof AZURE_NAMES;

export const REGIONS = Object.keys(AZURE_NAMES) as readonly RegionName[];

/** By region, then by region, ms. A pair is looked up both ways: naming it once is enough. */
export type RoundTrips = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Row `i` has the round trips from region `i` to those behind it in the order of `REGIONS`, ms. */
const ROWS: readonly (readonly number[])[] = [
  [64, 18, 116, 67, 87, 243, 190, 201, 223, 156, 204],
  [61, 180, 132, 147, 312, 258, 221, 169, 106, 148],
  [129, 83, 105, 256, 202, 213, 218, 154, 197],
  [170, 189, 345, 292, 302, 340, 275, 319],
  [22, 179, 125, 135, 163, 231, 246],
  [180, 116, 127, 155, 217, 237],
  [257, 268, 296, 358, 378],
  [29, 80, 148, 167],
  [54, 122, 141],
  [70, 89],
  [101],
];

/** The measured ones. */
export const ROUND_TRIPS_MS: RoundTrips = Object.fromEntries(
  ROWS.map((row, i) => [
    REGIONS[i] as string,
    Object.fromEntries(row.map((ms, k) => [REGIONS[i + 1 + k] as string, ms])),
  ]),
);

/** Between two different regions, ms: what the plan says, else what was measured. Throws where neither knows the pair. */
export function roundTripMs(one: string, other: string, own: RoundTrips = {}): number {
  const ms = pairIn(own, one, other) ?? pairIn(ROUND_TRIPS_MS, one, other);
  if (ms !== undefined) return ms;
  throw new Error(
    `no round trip is known between the regions "${one}" and "${other}": give it as water.roundTripsMs, such as ` +
      `{ ${JSON.stringify(one)}: { ${JSON.stringify(other)}: 600 } }, or use regions out of ${REGIONS.join(", ")}`,
  );
}

function pairIn(trips: RoundTrips, one: string, other: string): number | undefined {
  return trips[one]?.[other] ?? trips[other]?.[one];
}
