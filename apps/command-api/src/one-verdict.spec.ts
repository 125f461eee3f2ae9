import { describeOneVerdict } from '#platform/testing/one-verdict.js';
import { CommandApiModule } from './command-api.module.js';

describeOneVerdict(CommandApiModule, 'command-api');
