import { LIMITS } from '#domain/order/limits.js';
import { CurrencyCode, MinorUnits, OptionalText, Text, Uuid } from '#platform/http/fields.js';
import { CommandBody } from './common.dto.js';

const providerReference = {
  max: LIMITS.referenceCharacters,
  description:
    "The payment provider's own id for what it did. Reporting the same id with the same content again changes nothing.",
  example: 'pi_3NxY2e',
};
const method = { max: LIMITS.nameCharacters, description: 'How the customer pays.', example: 'card' };

class MoneyBody extends CommandBody {
  @MinorUnits({ min: 1, max: LIMITS.amountMinor, example: 2_495 })
  amountMinor!: number;

  @CurrencyCode({ description: 'The currency of the order.' })
  currency!: string;
}

export class PaymentAuthorizedBody extends MoneyBody {
  @Text(providerReference)
  providerReference!: string;

  @OptionalText(method)
  method!: string | null;
}

export class PaymentCapturedBody extends PaymentAuthorizedBody {
  @Uuid({ optional: true, description: 'The paymentId of the authorization, if there was one.' })
  authorizationId!: string | null;
}

export class PaymentFailedBody extends MoneyBody {
  @OptionalText(providerReference)
  providerReference!: string | null;

  @Uuid({ optional: true, description: 'The paymentId of the authorization, if there was one.' })
  authorizationId!: string | null;

  @OptionalText({
    max: LIMITS.reasonCharacters,
    description: 'Why the payment failed, as the payment provider says it.',
    example: 'card_declined',
  })
  reason!: string | null;
}

export class PaymentVoidedBody extends CommandBody {
  @Uuid({ description: 'The paymentId of the authorization.' })
  authorizationId!: string;

  @Text(providerReference)
  providerReference!: string;
}

export class PaymentReversedBody extends MoneyBody {
  @Uuid({ description: 'The paymentId of the capture.' })
  captureId!: string;

  @Text({
    ...providerReference,
    description:
      "The payment provider's own id for the dispute or the return, not for the capture, which may be taken back in parts. Reporting the same id with the same capture and amount again changes nothing.",
    example: 'dp_1Pk8Xa',
  })
  providerReference!: string;

  @OptionalText({
    max: LIMITS.reasonCharacters,
    description: 'Why the money was taken back, as the payment provider says it.',
    example: 'chargeback: fraudulent',
  })
  reason!: string | null;
}

export class RefundSucceededBody extends CommandBody {
  @Text(providerReference)
  providerReference!: string;
}

export class RefundFailedBody extends CommandBody {
  @OptionalText(providerReference)
  providerReference!: string | null;

  @OptionalText({
    max: LIMITS.reasonCharacters,
    description: 'Why the refund failed, as the payment provider says it.',
    example: 'account_closed',
  })
  reason!: string | null;
}
