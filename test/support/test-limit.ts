import { jest } from '@jest/globals';

/**
 * For every test and hook that says nothing else: databases are made and dropped, and processes started, in many of them,
 * on a machine that may be busy with others. What has to be fast is measured in the bench.
 */
jest.setTimeout(60_000);
