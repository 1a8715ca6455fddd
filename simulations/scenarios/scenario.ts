/** What a scenario is: a plan for each seed. */

import type { Plan } from "../plan.ts";

export interface Scenario {
  readonly name: string;
  /** One line for `--list`. */
  readonly summary: string;
  readonly plan: (seed: string) => Plan;
}
