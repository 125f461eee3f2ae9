/** Jest counts skipped tests, but does not print their names. */
export default class SkippedReporter {
  #named;

  constructor({ testNamePattern }) {
    this.#named = Boolean(testNamePattern); // a run of tests chosen by name leaves others out on purpose
  }

  onRunComplete(_contexts, { testResults }) {
    if (this.#named) return;
    const skipped = new Map();
    for (const { status, ancestorTitles } of testResults.flatMap((suite) => suite.testResults)) {
      if (status !== 'pending') continue;
      const name = ancestorTitles[0] ?? 'without a name';
      skipped.set(name, (skipped.get(name) ?? 0) + 1);
    }
    for (const [name, many] of skipped) process.stdout.write(`skipped: ${many} of ${name}\n`);
  }
}
