import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { Sources } from '../reads/sources.js';
import type { TimeTravel } from './time-travel.js';

/** A question about one order's past. */
export class Travel<Answer = unknown> extends Query<Answer> {
  constructor(readonly ask: (timeTravel: TimeTravel) => Promise<Answer>) {
    super();
  }
}

@QueryHandler(Travel)
export class TravelHandler implements IQueryHandler<Travel> {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  execute({ ask }: Travel): Promise<unknown> {
    return ask(this.#sources.timeTravel);
  }
}
