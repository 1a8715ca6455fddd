/**
 * For rules of movement a schedule in which nothing but that rule stands in the way of a loss: its seed. Of some others there are scripts
 * (`scripts.ts`); what the rest guard against has not been met with, which is no proof that it cannot be.
 */

import type { Rule } from "./rules.ts";

export const COUNTER_EXAMPLES = {
  "a view never comes again": 421,
  "a pull bears the view": 2570,
  "ready after the claim of a ready holder only": 13,
  "nobody is ready only when all have said so": 156,
  "a newcomer is not ready": 175,
  "pushes are for ready holders": 842,
  "dropped once every owner covers it": 8,
  "dropped once every owner is ready": 276,
  "dropped once the owners have it on disk": 85,
  "dropped in the view of the owners": 44,
  "a drop is told once it is on disk": 368,
  "a spent shard is written in a new life": 888,
  "an end of a life stops its pushes": 284,
  "purged once nobody strays": 33,
  "purged once every owner has it on disk": 6678,
  "purged once every member told a later clock": 2259,
  "covered and not held is obsolete": 15,
  "sealed once the owners know the same lives": 1079,
  "purged once every member is in our view": 15711,
} satisfies Partial<Record<Rule, number>>;
