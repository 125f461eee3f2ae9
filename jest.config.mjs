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

const withEngines = {
  globalSetup: '<rootDir>/test/support/start-engines.ts',
  globalTeardown: '<rootDir>/test/support/stop-engines.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/test-limit.ts'],
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
      ...withEngines,
    },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
      ...withEngines,
    },
    {
      ...shared,
      displayName: 'slow',
      testMatch: ['<rootDir>/test/chaos/**/*.test.ts'],
      ...withEngines,
    },
  ],
};
