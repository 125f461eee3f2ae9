import { applyDecorators } from '@nestjs/common';
import { CustomerScopes, Scopes } from '#platform/auth/access.js';
import { ApiProblems } from '#platform/http/api-problems.js';
import { ApiHeader, ApiOperation, ApiResponse } from '#platform/http/documented.js';
import type { ProblemCode } from '#platform/problems/problems.js';

interface RouteOptions {
  /** Customers may ask too, about their own orders. */
  customers?: boolean;
  problems?: readonly ProblemCode[];
  /** `application/json` unless given. */
  contentTypes?: readonly string[];
  /** Headers of its answers besides `Order-Position`. */
  headers?: Readonly<Record<string, (typeof positionHeader)['Order-Position']>>;
}

type Schema = Readonly<Record<string, unknown>>;

const infrastructure: readonly ProblemCode[] = [
  'malformed_request',
  'validation_failed',
  'position_of_another_store',
  'unauthenticated',
  'token_expired',
  'forbidden',
  'not_caught_up',
  'order_parked',
  'read_models_unavailable',
  'token_keys_unavailable',
  'internal_error',
];

const positionHeader = {
  'Order-Position': {
    description:
      'A position that covers all that the answer shows. Send it as `Consistent-With` with the next read, which then shows nothing older.',
    schema: { type: 'string' as const },
  },
};

const consistentWithHeader = ApiHeader({
  name: 'Consistent-With',
  required: false,
  description:
    'The Order-Position of an earlier answer of either API: this answer shows at least what that position covers.',
  schema: { type: 'string' },
});

const CSV: Schema = { type: 'string' };

/** Everything a question's route has in common with the others: who may ask, and how it is described. */
export function QueryRoute(summary: string, schema: Schema, options: RouteOptions = {}): MethodDecorator {
  const { customers = false, problems = [], contentTypes = ['application/json'], headers } = options;
  const who = customers
    ? "A customer's token shows only that customer's orders."
    : "A customer's token is refused.";
  const content = Object.fromEntries(
    contentTypes.map((type) => [type, { schema: type === 'text/csv' ? CSV : schema }]),
  );
  return applyDecorators(
    customers ? CustomerScopes('orders:read') : Scopes('orders:read'),
    ApiOperation({ summary, description: `Needs the scope orders:read. ${who}` }),
    consistentWithHeader,
    ApiResponse({
      status: 200,
      description: 'The answer.',
      content,
      headers: { ...positionHeader, ...headers },
    }),
    ApiProblems(...infrastructure, ...problems),
  );
}
