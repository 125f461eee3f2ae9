/** Bodies for POST /v1/orders. */
export const mug = (quantity = 2, unitPriceMinor = 1_000) => ({
  sku: 'MUG-RED',
  name: 'Red mug',
  quantity,
  unitPriceMinor,
});

export const mugOrder = (more: object = {}) => ({ currency: 'EUR', lines: [mug()], ...more });
