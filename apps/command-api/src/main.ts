import { runApp } from '#platform/lifecycle.js';
import { settingsFromEnvironment } from './settings.js';
import { startCommandApi } from './start.js';

await runApp('command-api', (logger) => startCommandApi(settingsFromEnvironment(), logger));
