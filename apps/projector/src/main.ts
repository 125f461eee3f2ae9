import { runApp } from '#platform/lifecycle.js';
import { settingsFromEnvironment } from './settings.js';
import { startProjector } from './start.js';

await runApp('projector', (logger) => startProjector(settingsFromEnvironment(), logger));
