import type { RejectionCode } from '#domain/order/rejections.js';
import { orderProblems } from './order-problems.js';
import { platformProblems, type PlatformCode } from './platform-problems.js';
import type { ProblemDefinition } from './problem-definition.js';

export type ProblemCode = RejectionCode | PlatformCode;

/** Every error an API answers with, once. docs/errors.md is generated from this table. */
export const problems: Readonly<Record<ProblemCode, ProblemDefinition>> = {
  ...platformProblems,
  ...orderProblems,
};

export const problemCodes = Object.keys(problems) as readonly ProblemCode[];

/** One field that is wrong. */
export interface FieldProblem {
  /** JSON pointer into the body, or `/name` (`/name/1`) of a query or path parameter; '' is the whole body. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

interface ProblemOptions {
  /** One sentence on this very case, shown to the client. The default is the code's general help. */
  detail?: string;
  errors?: readonly FieldProblem[];
  /** Further members of the problem document, e.g. `allowedCommands`. */
  extras?: Readonly<Record<string, unknown>>;
  retryAfterSeconds?: number;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** Thrown anywhere below an HTTP handler to answer with a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
  readonly extras: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    options: ProblemOptions = {},
  ) {
    const { title, help, status } = problems[code];
    super(`${code}: ${options.detail ?? title}`, options.cause === undefined ? {} : { cause: options.cause });
    this.detail = options.detail ?? help;
    this.errors = options.errors ?? [];
    this.extras = options.extras ?? {};
    const retryAfterSeconds = options.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
    this.headers = {
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
      ...options.headers,
    };
  }

  get status(): number {
    return problems[this.code].status;
  }
}
