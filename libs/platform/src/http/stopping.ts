import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemDocument } from '../problems/problem-response.js';
import { ProblemError } from '../problems/problems.js';
import { traceIdOf, traceparentOf } from './trace.js';

/** What an API that is about to stop listening answers to new connections: another instance has to be asked. */
export function sendElsewhere({ headers }: IncomingMessage, response: ServerResponse): void {
  const problem = new ProblemError('shutting_down');
  const traceId = traceIdOf(traceparentOf(headers['traceparent']));
  response
    .writeHead(problem.status, {
      ...problem.headers,
      'content-type': 'application/problem+json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
    .end(JSON.stringify(problemDocument(problem, traceId)));
}
