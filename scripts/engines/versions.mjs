import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * ELASTICSEARCH_VERSION, KAFKA_VERSION, REDIS_VERSION: the versions that docker/.env pins for containers apply
 * here too.
 */
export const versions = parseEnv(readFileSync(new URL('../../docker/.env', import.meta.url), 'utf8'));
