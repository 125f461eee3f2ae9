const swc = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
  module: { type: 'nodenext' },
  sourceMaps: 'inline',
};

const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  resolver: '<rootDir>/test/support/resolve-ts.cjs',
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
};

/**
 * `unit` needs nothing but Node; `engines` shares one embedded Postgres; `real` needs Elasticsearch, Kafka or Redis
 * besides (`npm run test:engines`); `slow` is what only CI runs.
 */
export default {
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/skipped-reporter.mjs'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{libs,apps,bench}/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'engines',
      testMatch: ['<rootDir>/test/{contract,e2e,checks}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/start-engines.ts',
      globalTeardown: '<rootDir>/test/support/stop-engines.ts',
    },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/start-engines.ts',
      globalTeardown: '<rootDir>/test/support/stop-engines.ts',
    },
    {
      ...shared,
      displayName: 'slow',
      testMatch: ['<rootDir>/test/chaos/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/start-engines.ts',
      globalTeardown: '<rootDir>/test/support/stop-engines.ts',
    },
  ],
};
