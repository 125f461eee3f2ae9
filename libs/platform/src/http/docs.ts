import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { publicAccess } from '../auth/route-access.js';
import { openApiDocument, type ApiDescription } from './openapi.js';

const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve('swagger-ui-dist/package.json'));
const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
/** What the page below loads. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** Swagger UI, and the document at `/docs-json`, which is made when somebody first asks for it. */
export function serveDocs(fastify: FastifyInstance, app: NestFastifyApplication, api: ApiDescription): void {
  const options = { config: { access: publicAccess } };
  const serve = (url: string, type: string, answer: () => string | Promise<string>) =>
    fastify.get(url, options, async (_request: FastifyRequest, reply: FastifyReply) => {
      void reply.type(type);
      return answer();
    });
  serve('/docs', HTML, () => pageOf(api, 'docs/'));
  serve('/docs/', HTML, () => pageOf(api, ''));
  serve('/docs/start.js', SCRIPT, () => START);
  let document: Promise<string> | null = null;
  serve('/docs-json', 'application/json', () => {
    document ??= openApiDocument(app, api).then((made) => JSON.stringify(made));
    return document;
  });
  void fastify.register(fastifyStatic, { root: SWAGGER_UI, serve: false });
  fastify.get('/docs/:asset', options, (request: FastifyRequest, reply: FastifyReply) => {
    const { asset } = request.params as { asset: string };
    return ASSETS.includes(asset) ? reply.sendFile(asset) : reply.callNotFound();
  });
}

/** @param folder of what it loads, from its own address: it may be served below another path */
function pageOf({ title }: ApiDescription, folder: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" type="image/png" href="${folder}favicon-32x32.png">
<link rel="stylesheet" href="${folder}swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${folder}swagger-ui-bundle.js"></script>
<script src="${folder}start.js"></script>
</body>
</html>
`;
}

const START = `SwaggerUIBundle({
  url: new URL('../docs-json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
});
`;
