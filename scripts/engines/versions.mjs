import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** ELASTICSEARCH_VERSION, KAFKA_VERSION, REDIS_VERSION: what docker/.env pins for containers holds here too. */
export const versions = parseEnv(readFileSync(new URL('../../docker/.env', import.meta.url), 'utf8'));
