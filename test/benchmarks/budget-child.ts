/** The replica of `budget.ts`, in a process of its own. */

import "../end-to-end/replica-child.ts";
