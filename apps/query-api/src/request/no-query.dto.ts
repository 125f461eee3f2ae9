/** Nothing is asked behind the `?`: what stands there would be taken for having narrowed the answer. */
export class NoQuery {}
