import { describeApi } from '#platform/http/openapi.js';
import { commandApiDescription } from '../../dist/apps/command-api/src/api-description.js';
import { CommandApiModule } from '../../dist/apps/command-api/src/command-api.module.js';

/** docs/openapi/command-api.json: what command-api serves at /docs-json. */
export async function commandApiDocument() {
  const nothing = { queryBaseUrl: '', requireIfMatch: false, handle: () => Promise.reject(new Error()) };
  return JSON.stringify(await describeApi(CommandApiModule.over(nothing, nothing), commandApiDescription));
}
