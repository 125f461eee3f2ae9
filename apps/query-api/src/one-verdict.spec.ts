import { describeOneVerdict } from '#platform/testing/one-verdict.js';
import { QueryApiModule } from './query-api.module.js';

describeOneVerdict(QueryApiModule, 'query-api');
