import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { ProblemError, type ProblemCode } from '../problems/problems.js';
import { openKeySource, type KeySource } from './key-source.js';
import { scopes, type Principal, type Scope } from './principal.js';

export interface TokenVerifierOptions {
  /** https:, http: or file: URL of the issuer's JSON Web Key Set. */
  jwksUrl: string;
  issuer: string;
  audience: string;
}

export interface TokenVerifier {
  /** The token's principal if it was verified a moment ago: no cryptography, for the hot path. */
  known(token: string): Principal | undefined;
  /**
   * @throws ProblemError `unauthenticated`, `token_expired`, or `token_keys_unavailable` when the
   *   issuer's keys cannot be had right now
   */
  verify(token: string): Promise<Principal>;
}

/** Asymmetric only: with a shared secret, whoever can check a token could also make one. */
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];
/** How far an issuer's clock may be ahead of ours, for a token that is valid from its issue on. */
const CLOCK_TOLERANCE_SECONDS = 5;
const TOKEN_MAX_CHARACTERS = 8_192;
/** Limit of all remembered tokens together: some 10,000 of the usual size. */
const KNOWN_MAX_CHARACTERS = 8_000_000;
/** A verified token is not looked at again for so long, also where its key was withdrawn. */
const KNOWN_FOR_MS = 5 * 60_000;

interface Known {
  principal: Principal;
  untilMs: number;
}

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const keys = openKeySource(options.jwksUrl);
  const known = new LRUCache<string, Known>({
    maxSize: KNOWN_MAX_CHARACTERS,
    sizeCalculation: (_known, token) => token.length,
  });
  return {
    known(token) {
      const entry = known.get(token);
      return entry !== undefined && Date.now() < entry.untilMs ? entry.principal : undefined;
    },
    async verify(token) {
      if (token.length > TOKEN_MAX_CHARACTERS) throw refused('The token is too long.');
      const payload = await verified(token, keys, options);
      const principal = principalOf(payload);
      const untilMs = Math.min(payload.exp! * 1_000, Date.now() + KNOWN_FOR_MS);
      known.set(token, { principal, untilMs });
      return principal;
    },
  };
}

async function verified(
  token: string,
  keys: KeySource,
  { issuer, audience }: TokenVerifierOptions,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    if (payload.exp! * 1_000 <= Date.now()) throw new errors.JWTExpired('expired', payload);
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused('The token has expired.', 'token_expired');
    if (error instanceof errors.JWTClaimValidationFailed) {
      throw refused(`The token's claim "${error.claim}" is not accepted.`);
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      throw refused('The token is not a valid token of the configured issuer.');
    }
    throw error;
  }
}

function principalOf(payload: JWTPayload): Principal {
  const { tenant, customer, client_id: clientId, azp, scope } = payload;
  if (typeof tenant !== 'string' || !/^[a-z0-9_]{1,32}$/.test(tenant)) {
    throw refused('The token has no valid claim "tenant".');
  }
  const subject = name(payload.sub, 'sub');
  return {
    tenantId: tenant,
    subject,
    clientId: name(clientId ?? azp ?? subject, 'client_id'),
    // `customer: null` is refused and not read as absent: the issuer meant to name a customer.
    customerId: customer === undefined ? null : name(customer, 'customer'),
    scopes: new Set(typeof scope === 'string' ? scope.split(' ').filter(isScope) : []),
  };
}

// These end up in event metadata, so they are bounded and printable like everything there.
function name(value: unknown, claim: string): string {
  if (typeof value === 'string' && /^[\x20-\x7e\u00a1-\ud7ff]{1,200}$/.test(value)) return value;
  throw refused(`The token's claim "${claim}" is not accepted.`);
}

function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}

function refused(description: string, code: ProblemCode = 'unauthenticated'): ProblemError {
  return new ProblemError(code, {
    detail: description,
    headers: {
      'www-authenticate': `Bearer error="invalid_token", error_description="${description.replaceAll('"', "'")}"`,
    },
  });
}
