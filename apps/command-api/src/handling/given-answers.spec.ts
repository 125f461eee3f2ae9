import { expect, it } from '@jest/globals';
import { GivenAnswers, type GivenAnswer } from './given-answers.js';

const answer = (lines: number): GivenAnswer => ({
  orderId: '018f3f5e-7b1c-7a52-9c9d-0f3f2f6f9a11',
  revision: 0,
  position: 7n,
  events: [
    { type: 'OrderPlaced', revision: 0, ids: { lineIds: Array.from({ length: lines }, (_, i) => `${i}`) } },
  ],
});

it('gives an answer again, without the order that was remembered with it', () => {
  const answers = new GivenAnswers();
  answers.remember('a', Object.assign({ order: {} }, answer(1)));
  expect(answers.of('a')).toEqual(answer(1));
  expect(answers.of('b')).toBeUndefined();
});

it('forgets the oldest when it holds too much, and never holds what is too large by itself', () => {
  const answers = new GivenAnswers(1_200);
  answers.remember('large', answer(1_000));
  expect(answers.of('large')).toBeUndefined();
  for (const id of ['a', 'b', 'c']) answers.remember(id, answer(20));
  expect([answers.of('a'), answers.of('b'), answers.of('c')]).toEqual([undefined, answer(20), answer(20)]);
});
