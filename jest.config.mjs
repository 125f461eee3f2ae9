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
  setupFilesAfterEnv: ['<rootDir>/test/support/test-limit.ts'],
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
};

const withPostgres = {
  globalSetup: '<rootDir>/test/support/start-postgres.ts',
  globalTeardown: '<rootDir>/test/support/stop-postgres.ts',
};

/**
 * `unit` needs nothing but Node; `integration` shares one embedded PostgreSQL; `real` needs Elasticsearch, Kafka or
 * Redis besides (`npm run test:engines`); `slow` is what only CI runs.
 */
export default {
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/skipped-reporter.mjs'],
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{libs,apps,bench}/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/{contract,e2e,checks}/**/*.test.ts'],
      ...withPostgres,
    },
    {
      ...shared,
      displayName: 'real',
      testMatch: ['<rootDir>/test/real/**/*.test.ts'],
      ...withPostgres,
    },
    {
      ...shared,
      displayName: 'slow',
      testMatch: ['<rootDir>/test/chaos/**/*.test.ts'],
      ...withPostgres,
    },
  ],
};
