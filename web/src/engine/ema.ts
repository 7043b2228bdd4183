// An exponential moving average without the pull towards zero at its start.

export interface Ema {
  push(value: number): number;
}

/** Each pushed value answers with the average so far; what is not finite is passed over. */
export function debiasedEma(weight: number): Ema {
  let sum = 0;
  let weights = 0;
  return {
    push(value) {
      if (Number.isFinite(value)) {
        sum = weight * sum + (1 - weight) * value;
        weights = weight * weights + (1 - weight);
      }
      return weights > 0 ? sum / weights : Number.NaN;
    },
  };
}
