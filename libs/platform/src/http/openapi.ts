import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { problemDocument } from '../problems/problem-response.js';
import { ProblemError, problemCodes } from '../problems/problems.js';
import { loadSwagger } from './documented.js';
import { ProblemAdapter } from './problem-adapter.js';

export interface ApiDescription {
  title: string;
  /** What the API is for, in Markdown. */
  description: string;
  version: string;
}

type RootModule = Parameters<typeof NestFactory.create>[0];
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** The OpenAPI document of an app that is not started: not even its classes are instantiated. */
export async function describeApi(rootModule: RootModule, api: ApiDescription): Promise<OpenAPIObject> {
  const adapter = new ProblemAdapter(() => {}, 1);
  const app = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return openApiDocument(app, api);
}

/** The OpenAPI document of an app. */
export async function openApiDocument(
  app: NestFastifyApplication,
  api: ApiDescription,
): Promise<OpenAPIObject> {
  const { DocumentBuilder, SwaggerModule } = await loadSwagger();
  const config = new DocumentBuilder()
    .setTitle(api.title)
    .setDescription(`${api.description}\n\n${TEXTS}`)
    .setVersion(api.version)
    .setOpenAPIVersion('3.1.0') // whose schemas are JSON Schema: null is a type
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) if (path[method]) complete(path[method]);
  }
  addExamples(document);
  closeBodies(document);
  return document;
}

const TEXTS = [
  'In bodies, lengths of texts are counted in UTF-16 units. `format: text` means valid Unicode without NUL, and',
  '`format: country-code` an ISO 3166-1 alpha-2 code in use. Later releases may add fields to answers, and values to',
  'their enumerations (statuses, codes of problems): ignore fields that you do not know, and take a value that you do',
  'not know for none of those that you do.',
].join(' ');

/** Closes the schemas of bodies: a body with any other property is refused. */
function closeBodies(document: OpenAPIObject): void {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Record<string, unknown>>;
  const close = (within: unknown) => {
    for (const [, name] of JSON.stringify(within).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = schemas[name!]!;
      if ('additionalProperties' in schema) continue;
      schema['additionalProperties'] = false;
      close(schema);
    }
  };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) if (path[method]?.requestBody) close(path[method].requestBody);
  }
}

function complete(operation: Operation): void {
  addProblemResponse(operation);
  // A parameter in a path or query is never null.
  for (const parameter of operation.parameters ?? []) {
    if ('schema' in parameter && parameter.schema) parameter.schema = withoutNull(parameter.schema);
  }
}

function withoutNull<Schema extends object>(schema: Schema): Schema {
  const { type, enum: values, ...rest } = schema as { type?: string | string[]; enum?: unknown[] };
  if (!Array.isArray(type)) return schema;
  const types = type.filter((one) => one !== 'null');
  const choices = values === undefined ? {} : { enum: values.filter((value) => value !== null) };
  return { ...rest, type: types.length === 1 ? types[0] : types, ...choices } as Schema;
}

function addProblemResponse(operation: Operation): void {
  operation.responses['default'] = {
    description: 'Any error, as a problem document.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** Routes name the problems they answer by reference; each is shown once. */
function addExamples(document: OpenAPIObject): void {
  const paths = JSON.stringify(document.paths);
  const used = problemCodes.filter((code) => paths.includes(`"#/components/examples/${code}"`));
  const examples = used.map((code) => {
    const value = problemDocument(new ProblemError(code), 'ab'.repeat(16));
    return [code, { summary: value['title'] as string, value }] as const;
  });
  if (examples.length > 0) document.components!.examples = Object.fromEntries(examples);
}

const text = { type: 'string' } as const;

const problemSchema = {
  type: 'object' as const,
  description: 'A problem document: what went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code', 'traceId'],
  properties: {
    type: { ...text, description: 'The code as a URN.', example: 'urn:orderlog:problem:order_not_found' },
    title: { ...text, description: 'What is wrong, in the same words for every occurrence of the code.' },
    status: { type: 'integer', description: 'The HTTP status of the answer.', example: 404 },
    detail: { ...text, description: 'What is wrong in this case, or what to do about it.' },
    code: { ...text, enum: [...problemCodes], description: 'What is wrong, for programs.' },
    traceId: {
      ...text,
      pattern: '^[0-9a-f]{32}$',
      description: 'The id of the trace that the request belongs to (traceparent).',
    },
    errors: {
      type: 'array',
      description: 'The fields and parameters that are wrong; absent if none is named.',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: {
          pointer: {
            ...text,
            description:
              'JSON pointer into the body, or /name of a parameter (/name/1 for the second of its values).',
          },
          code: { ...text, description: 'What is wrong with it, for programs.' },
          message: { ...text, description: 'What is wrong with it, in words.' },
        },
      },
    },
    allowedCommands: {
      type: 'array',
      items: text,
      description: 'Only with not_allowed_in_state: the commands that the order allows now.',
    },
    details: {
      type: 'object',
      additionalProperties: true,
      description:
        'Facts about this case, such as the line, the amount, the revision or the limit concerned.',
    },
    behind: {
      type: 'object',
      description: 'Only with not_caught_up: how far the projection is behind what was asked for.',
      required: ['projection', 'reached', 'positions', 'seconds'],
      properties: {
        projection: { ...text, description: 'The projection that is behind: `orders` or `search`.' },
        reached: {
          type: ['string', 'null'],
          description: 'The position that the projection has reached; null: none yet, or not known.',
        },
        positions: {
          type: ['number', 'null'],
          description: 'How many positions it still has to go; null: not known.',
        },
        seconds: {
          type: ['number', 'null'],
          description: 'Time since the oldest event that it lacks was recorded; null: not known.',
        },
      },
    },
    parkedRevision: {
      type: 'integer',
      description:
        'Only with order_parked: the revision of the first event of the order that could not be applied.',
    },
  },
};
