// Quantised kernels for arm64 with sdot.
#if defined(__aarch64__)

#include <arm_neon.h>

#define TARGET __attribute__((target("dotprod")))

static inline __attribute__((always_inline)) TARGET int32x4_t dot(
    int32x4_t sum, int32x4_t inputs, int32x4_t weights) {
  return vdotq_s32(sum, vreinterpretq_s8_s32(inputs), vreinterpretq_s8_s32(weights));
}

#include "s8_neon.h"
#include "s8_quads.h"

TARGET FK_KERNEL(fk_s8_conv_6x16__dotprod) { convolution(params, begin, end, scratch); }

TARGET FK_KERNEL(fk_s8_depthwise_3x3_1x16__dotprod) {
  (void)scratch;
  depthwise(params, begin, end);
}

#endif
