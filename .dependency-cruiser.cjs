const lib = (name) => `^libs/${name}/`;

/** What only tests load: specifications, and what they share beside the code they are about. */
const TESTS = '\\.spec\\.ts$|^libs/[^/]+/src/testing/';

/** The folders of the embedded event store; each may import those before it. */
const EVENT_STORE = ['wire', 'rules', 'storage', 'streams'];
const eventStore = (folders) => `^apps/event-store/src/(${folders.join('|')})/`;

/** The house rules of ARCHITECTURE.md: who may import whom. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-imports-only-itself',
      severity: 'error',
      from: { path: lib('domain'), pathNot: TESTS },
      to: { pathNot: lib('domain') },
    },
    {
      name: 'client-imports-only-itself',
      comment: 'It is a package of its own: what is not in its folder is not there where it is installed.',
      severity: 'error',
      from: { path: lib('client'), pathNot: TESTS },
      to: { pathNot: lib('client') },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'no-tests-in-production',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: TESTS },
      to: { path: `^(test|bench)/|${TESTS}` },
    },
    {
      name: 'read-models-know-no-engine',
      severity: 'error',
      from: { path: lib('read-models') },
      to: { path: lib('projections') },
    },
    ...EVENT_STORE.slice(0, -1).map((folder, index) => ({
      name: 'event-store-goes-one-way',
      severity: 'error',
      from: { path: eventStore([folder]), pathNot: TESTS },
      to: { path: eventStore(EVENT_STORE.slice(index + 1)) },
    })),
    {
      name: 'examples-stand-alone',
      comment: 'People copy them: what they share with the rest is what it publishes, not its code.',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(libs|apps|bench|test|scripts|examples)/', pathNot: '^examples/$1/' },
    },
    {
      name: 'nobody-imports-examples',
      severity: 'error',
      from: { path: '^(libs|apps|bench)/' },
      to: { path: '^examples/' },
    },
    {
      name: 'no-barrels',
      comment: 'An index file hides which module, and so which side of a boundary, is imported.',
      severity: 'error',
      from: {},
      to: { path: '^(libs|apps|examples)/.*/index\\.ts$' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The client as it is published: examples may use that, and its source is looked at itself.
    exclude: { path: '^(bench/peers|libs/client/dist)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
