// The general end of a quantised sum: factors of any size, and floats where the input was quantised at
// run time. Fast kernels come here where fk_requant does not hold; a row of up to 16 channels at once.
#ifndef FK_S8_GENERAL_H
#define FK_S8_GENERAL_H

#include <math.h>

#include "ckernels.h"
#include "requantize.h"

// How results are brought to bytes. Where negative ones are clamped away, rounding them need not be
// exact; factors above one need a shift before; GENERAL leaves it to fk_finish_general; HYBRID makes
// floats. Each is compiled by itself: a call in a loop would drive everything out of the registers.
enum { CLAMPED, SIGNED, LEFT, GENERAL, HYBRID };

static inline int fk_mode_of(
    const fk_hybrid *hybrid, const fk_requant *requant, int32_t has_left, int32_t lo, int32_t out_zero) {
  return hybrid ? HYBRID : !requant ? GENERAL : has_left ? LEFT : lo < out_zero ? SIGNED : CLAMPED;
}

typedef struct fk_general {
  const int32_t *multiplier, *shift;
  int32_t out_zero, lo, hi;
  uint8_t flip;
  const fk_hybrid *hybrid;
  int32_t dynamic_zero;  // of the batch, with 128 added where inputs were made unsigned
  float dynamic_scale;
} fk_general;

// Results of channels from `channel` on go to `output`, bytes or floats, from `first` on.
static __attribute__((noinline)) void fk_finish_general(
    const fk_general *g, const int32_t *acc, int64_t n, int64_t channel, void *output,
    int64_t first) {
  for (int64_t j = 0; j < n; j++) {
    const int64_t c = channel + j;
    if (g->hybrid) {
      const fk_hybrid *h = g->hybrid;
      const int32_t sum =
          (int32_t)((uint32_t)acc[j] - (uint32_t)g->dynamic_zero * (uint32_t)h->weight_sum[c]);
      const float value = (float)sum * h->scale[c] * g->dynamic_scale + h->bias[c];
      ((float *)output)[first + j] = fminf(fmaxf(value, h->lo), h->hi);
    } else {
      const int32_t value = fk_scale(acc[j], g->multiplier[c], g->shift[c]) + g->out_zero;
      ((uint8_t *)output)[first + j] = (uint8_t)fk_clamp_s32(value, g->lo, g->hi) ^ g->flip;
    }
  }
}

#endif
