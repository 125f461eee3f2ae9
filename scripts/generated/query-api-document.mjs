import { describeApi } from '#platform/http/openapi.js';
import { queryApiDescription } from '../../dist/apps/query-api/src/api-description.js';
import { QueryApiModule } from '../../dist/apps/query-api/src/query-api.module.js';

/** docs/openapi/query-api.json: what query-api serves at /docs-json. */
export async function queryApiDocument() {
  return JSON.stringify(await describeApi(QueryApiModule.over({}), queryApiDescription));
}
