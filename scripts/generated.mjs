/**
 * Files that are generated from the code and checked in, so that a diff shows how a change of the code changes
 * them. `node scripts/generated.mjs` writes them; with `--check` it names the stale ones. It uses the built dist/.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { clientOperations, clientTypes } from './generated/client-types.mjs';
import { configurationPage } from './generated/configuration-page.mjs';
import { commandApiDocument } from './generated/command-api-document.mjs';
import { errorsPage } from './generated/errors-page.mjs';
import { eventShapes } from './generated/event-shapes.mjs';
import { foldFingerprint } from './generated/fold-fingerprint.mjs';
import { goldenFolded } from './generated/golden-folded.mjs';
import { orderEventsDocument } from './generated/order-events-document.mjs';
import { publishedSchemas } from './generated/published-schemas.mjs';
import { queryApiDocument } from './generated/query-api-document.mjs';
import { readModelFingerprints } from './generated/read-model-fingerprints.mjs';

const root = new URL('../', import.meta.url);

/** Each file, and the function that makes its text. */
const generated = {
  'docs/asyncapi/order-events.json': orderEventsDocument,
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/openapi/command-api.json': commandApiDocument,
  'docs/openapi/query-api.json': queryApiDocument,
  'libs/client/src/generated/command-api.ts': () => clientTypes(commandApiDocument),
  'libs/client/src/generated/operations.ts': () =>
    clientOperations({ command: commandApiDocument, query: queryApiDocument }),
  'libs/client/src/generated/query-api.ts': () => clientTypes(queryApiDocument),
  'libs/event-store/golden/folded.json': goldenFolded,
  'libs/event-store/golden/shapes.json': eventShapes,
  'libs/event-store/src/snapshots/fold-fingerprint.ts': foldFingerprint,
  'libs/integration-events/golden/schemas.json': publishedSchemas,
  'libs/read-models/src/read-model-fingerprints.ts': readModelFingerprints,
};

async function fresh(path, make) {
  const options = await resolveConfig(fileURLToPath(new URL('package.json', root)));
  return format(await make(), { ...options, filepath: path });
}

async function present(path) {
  try {
    return await readFile(new URL(path, root), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

async function main(check) {
  const stale = [];
  for (const [path, make] of Object.entries(generated)) {
    const text = await fresh(path, make);
    if (text === (await present(path))) continue;
    stale.push(path);
    if (check) continue;
    const target = new URL(path, root);
    await mkdir(dirname(fileURLToPath(target)), { recursive: true });
    await writeFile(target, text);
  }
  for (const path of stale) console.log(`${path} ${check ? 'is stale: run npm run generate' : 'written'}`);
  return check && stale.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.includes('--check'));
}
