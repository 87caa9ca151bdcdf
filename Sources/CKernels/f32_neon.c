// Float kernels for arm64.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "table.h"

static inline __attribute__((always_inline)) void store_first(float *out, float32x4_t value, int64_t n) {
  float whole[4];
  vst1q_f32(whole, value);
  memcpy(out, whole, sizeof(float) * (size_t)(n < 4 ? n : 4));
}

#define LANES 4
#define VECTOR float32x4_t
#define LOAD vld1q_f32
#define STORE vst1q_f32
#define STORE_FIRST store_first
#define SET1 vdupq_n_f32
#define ADD vaddq_f32
#define MULTIPLY vmulq_f32
#define MULTIPLY_ADD(a, b, sum) vfmaq_f32(sum, a, b)
#define MIN vminq_f32
#define MAX vmaxq_f32
#define ZERO vdupq_n_f32(0)
#define TARGET
// Of 32 registers 24 are sums.
#define ROWS_1 12
#define ROWS_2 12
#define ROWS_3 8

#define BIAS(b) (b)
#define LIMIT(v, lo, hi) MIN(MAX(v, lo), hi)
#include "f32_tiles.h"

FK_KERNEL(fk_f32_conv_8x4__neon) { convolution(params, begin, end, scratch); }

FK_KERNEL(fk_f32_depthwise_3x3_1x4__neon) {
  (void)scratch;
  depthwise(params, begin, end);
}

#endif
