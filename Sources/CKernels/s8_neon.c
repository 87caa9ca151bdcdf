// Quantised kernels for arm64 without sdot: products of 16 bits, added in pairs, and those again.
#if defined(__aarch64__)

#include <arm_neon.h>

#define TARGET

static inline __attribute__((always_inline)) int32x4_t dot(
    int32x4_t sum, int32x4_t inputs, int32x4_t weights) {
  const int8x16_t x = vreinterpretq_s8_s32(inputs), w = vreinterpretq_s8_s32(weights);
  const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(x), vget_low_s8(w)));
  const int32x4_t high = vpaddlq_s16(vmull_high_s8(x, w));
  return vaddq_s32(sum, vpaddq_s32(low, high));
}

#include "s8_neon.h"
#include "s8_quads.h"

FK_KERNEL(fk_s8_conv_6x16__neon) { convolution(params, begin, end, scratch); }

FK_KERNEL(fk_s8_depthwise_3x3_1x16__neon) {
  (void)scratch;
  depthwise(params, begin, end);
}

#endif
