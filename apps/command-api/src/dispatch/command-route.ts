import { applyDecorators, HttpCode } from '@nestjs/common';
import type { OrderCommandType } from '#domain/order/order.js';
import { CustomerScopes, Scopes } from '#platform/auth/access.js';
import type { Scope } from '#platform/auth/principal.js';
import { ApiProblems } from '#platform/http/api-problems.js';
import { ApiHeader, ApiOperation, ApiQuery, ApiResponse } from '#platform/http/documented.js';
import type { ProblemCode } from '#platform/problems/problems.js';
import { CommandQuery } from '../request/command-query.dto.js';
import { CommandAnswer } from './answer.dto.js';
import { commonRejections, rejectionsOfCommands } from './rejections-of-commands.js';
import { roomInOrders } from './room-in-orders.js';

interface RouteOptions {
  /** `orders:write` unless given. */
  scopes?: [Scope, ...Scope[]];
  /** A sentence on when customers may give this command themselves; without it, they may not. */
  customers?: string;
  idempotencyKey?: 'required' | 'optional';
}

const infrastructure: readonly ProblemCode[] = [
  'malformed_request',
  'malformed_json',
  'validation_failed',
  'idempotency_key_missing',
  'idempotency_key_invalid',
  'unauthenticated',
  'token_expired',
  'forbidden',
  'conflict_retry_exhausted',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'order_too_large',
  'event_store_unavailable',
  'order_unreadable',
  'outcome_unknown',
  'token_keys_unavailable',
  'internal_error',
];

const text = { type: 'string' } as const;

const DRY_RUN_TAG = ' In a dry run, that of the order as it is: send it as If-Match with the command itself.';
const DRY_RUN_OF_PLACING =
  'A dry run: what the order would come to. Its ids are of nothing: the order gets others when it is placed.';

/** What all command routes have in common: who may call them, and how OpenAPI describes them. */
export function CommandRoute(
  command: OrderCommandType,
  summary: string,
  options: RouteOptions = {},
): MethodDecorator {
  const { scopes = ['orders:write'], customers } = options;
  const places = command === 'PlaceOrder';
  const room = roomInOrders[command];
  const description = [
    `Needs the scope${scopes.length === 1 ? '' : 's'} ${scopes.join(' and ')}.`,
    customers ?? "A customer's token is refused.",
    ...(room === undefined ? [] : [room]),
  ].join(' ');
  return applyDecorators(
    customers === undefined ? Scopes(...scopes) : CustomerScopes(...scopes),
    // A POST is answered with 201, unless the handler says otherwise: a dry run places nothing.
    ...(places ? [] : [HttpCode(200)]),
    ApiOperation({ summary, description }),
    ApiQuery({ type: CommandQuery }),
    ...requestHeaders(places, options.idempotencyKey ?? 'required'),
    ApiResponse({
      status: places ? 201 : 200,
      description: 'The command is done: by this request, or by an earlier one.',
      type: CommandAnswer,
      headers: answerHeaders(places),
    }),
    ...(places ? [ApiResponse({ status: 200, description: DRY_RUN_OF_PLACING, type: CommandAnswer })] : []),
    ApiProblems(
      ...infrastructure,
      ...(places ? [] : (['precondition_failed', 'precondition_required'] as const)),
      ...commonRejections.filter((code) => !places || code !== 'order_not_found'),
      ...rejectionsOfCommands[command],
    ),
  );
}

function requestHeaders(places: boolean, idempotencyKey: 'required' | 'optional'): MethodDecorator[] {
  return [
    ApiHeader({
      name: 'Idempotency-Key',
      required: false, // a dry run needs none
      description:
        'A new key for every new command, and the same key when that command is sent again. ' +
        (idempotencyKey === 'required' ? 'It is required unless dryRun is true.' : 'It is optional.'),
      schema: { ...text, minLength: 1, maxLength: 255, example: '9b1f0f0e-55c1-4b1d-9d43-0f3a6a1c7c55' },
    }),
    ...(places ? [] : [ifMatchHeader]),
    ApiHeader({
      name: 'traceparent',
      required: false,
      description: 'The trace that the command is a part of (W3C Trace Context).',
      schema: text,
    }),
    ...Object.entries(labelHeaders).map(([name, description]) =>
      ApiHeader({
        name,
        required: false,
        description,
        schema: { ...text, minLength: 1, maxLength: 200 },
      }),
    ),
  ];
}

const labelHeaders = {
  'X-Correlation-Id':
    'The conversation that the command belongs to; stored with the events. If absent, the id of the trace.',
  'X-Causation-Id': 'The message that caused the command; stored with the events.',
};

const ifMatchHeader = ApiHeader({
  name: 'If-Match',
  required: false,
  description:
    'The ETag of the order that you decided on, or `*` for any. The command is refused (412) if the order has changed since.',
  schema: { ...text, example: '"3"' },
});

function answerHeaders(places: boolean) {
  return {
    ETag: {
      description: `The revision of the order, in quotes.${places ? '' : DRY_RUN_TAG}`,
      schema: { ...text, example: '"4"' },
    },
    'Order-Position': {
      description: 'Send it to the query API as Consistent-With to read what the command wrote.',
      schema: text,
    },
    'Idempotent-Replayed': {
      description: '`true` if the same command was done before: the answer is the one that was given then.',
      schema: { ...text, enum: ['true'] },
    },
    ...(places
      ? {
          Location: {
            description: 'The address of the order in the query API.',
            schema: { ...text, format: 'uri' },
          },
        }
      : {}),
  };
}
