/** Writes the counts of a test run, and why tests were skipped, to the file that `VITEST_SUMMARY_FILE` names. */

import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

interface Skipped {
  readonly name: string;
  readonly reason?: string;
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    // An error outside any test, or a file that did not even load, fails the run as a test does.
    let failed = unhandled.length;
    const skipped: Skipped[] = [];
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed++;
        else if (result.state === "skipped") {
          const name = `${module.relativeModuleId} > ${test.fullName}`;
          skipped.push(result.note === undefined ? { name } : { name, reason: result.note });
        } else failedHere++;
      }
      if (failedHere === 0 && module.state() === "failed") failedHere = 1;
      failed += failedHere;
    }
    const file = process.env.VITEST_SUMMARY_FILE;
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed, failed, skipped }));
  }
}
