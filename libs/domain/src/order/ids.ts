/** Ids are UUIDs in lower case. The aliases say whose id a field holds; the compiler treats them alike. */
export type OrderId = string;
export type LineId = string;
export type DiscountId = string;
export type SurchargeId = string;
export type CancellationId = string;
export type PaymentId = string;
export type RefundId = string;
export type ShipmentId = string;
export type ReturnId = string;
export type NoteId = string;
