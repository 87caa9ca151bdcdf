// Quantised kernels for arm64. Whoever includes this defines TARGET and dot(sum, inputs, weights), which
// multiplies signed bytes. Requantisation has instructions with the reference's own roundings: sqrdmulh,
// and srshl once negative numbers were made smaller by one, as it rounds half up.
#include <arm_neon.h>

#include "s8_general.h"
#include "table.h"
#include "window.h"

#define LANES 4
#define VECTOR int32x4_t
#define BYTES uint8x16_t
#define INPUT_OFFSET 0
#define USES_REQUANT 0

#define NEON static inline __attribute__((always_inline)) TARGET

NEON int32x4_t load(const void *from) { return vreinterpretq_s32_u8(vld1q_u8(from)); }
NEON int32x4_t splat(int32_t x) { return vdupq_n_s32(x); }
NEON int32x4_t add(int32x4_t a, int32x4_t b) { return vaddq_s32(a, b); }
NEON uint8x16_t splat_bytes(uint8_t x) { return vdupq_n_u8(x); }
NEON void store_sums(int32_t *out, int32x4_t v) { vst1q_s32(out, v); }
NEON void store_16(uint8_t *out, uint8x16_t v) { vst1q_u8(out, v); }
NEON void store_8(uint8_t *out, uint8x16_t v, const int half) {
  vst1_u8(out, half ? vget_high_u8(v) : vget_low_u8(v));
}

// Shifts to the left; those to the right are negative.
typedef struct factors {
  int32x4_t multiplier, left, right, zero;
} factors;

NEON factors factors_of(const fk_general *g, int64_t channel) {
  const int32x4_t shift = vld1q_s32(g->shift + channel), none = vdupq_n_s32(0);
  factors f = {
      vld1q_s32(g->multiplier + channel), vmaxq_s32(shift, none), vminq_s32(shift, none),
      vdupq_n_s32(g->out_zero)};
  return f;
}
#define FACTORS(ends, v) factors_of((ends)->general, (ends)->channel + LANES * (v))

NEON int32x4_t scale(int32x4_t sum, const factors *f, const int mode) {
  if (mode == LEFT) sum = vshlq_s32(sum, f->left);
  sum = vqrdmulhq_s32(sum, f->multiplier);
  // The sign of what is negative, where there is a second rounding.
  if (mode != CLAMPED) sum = vsraq_n_s32(sum, vandq_s32(sum, f->right), 31);
  return vaddq_s32(vrshlq_s32(sum, f->right), f->zero);
}

typedef struct limits {
  int8x16_t lo, hi;
  uint8x16_t flip;
} limits;

NEON limits limits_of(int32_t lo, int32_t hi, uint8_t flip) {
  limits l = {vdupq_n_s8((int8_t)lo), vdupq_n_s8((int8_t)hi), vdupq_n_u8(flip)};
  return l;
}

NEON void to_bytes(const int32x4_t scaled[8], const limits *l, uint8x16_t bytes[2]) {
  for (int i = 0; i < 2; i++, scaled += 4) {
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(scaled[0]), scaled[1]);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(scaled[2]), scaled[3]);
    const int8x16_t v = vqmovn_high_s16(vqmovn_s16(low), high);
    bytes[i] = veorq_u8(vreinterpretq_u8_s8(vminq_s8(vmaxq_s8(v, l->lo), l->hi)), l->flip);
  }
}

// Floats of 4 channels, from inputs that were quantised at run time; `n` of them are stored.
NEON void store_real(const fk_general *g, int32x4_t sums, int64_t channel, float *out, int64_t n) {
  const fk_hybrid *h = g->hybrid;
  sums = vmlsq_s32(sums, vld1q_s32(h->weight_sum + channel), vdupq_n_s32(g->dynamic_zero));
  float32x4_t value = vmulq_f32(vcvtq_f32_s32(sums), vld1q_f32(h->scale + channel));
  value = vaddq_f32(vmulq_f32(value, vdupq_n_f32(g->dynamic_scale)), vld1q_f32(h->bias + channel));
  value = vminq_f32(vmaxq_f32(value, vdupq_n_f32(h->lo)), vdupq_n_f32(h->hi));
  if (n >= 4) {
    vst1q_f32(out, value);
  } else if (n > 0) {
    float whole[4];
    vst1q_f32(whole, value);
    memcpy(out, whole, sizeof(float) * (size_t)n);
  }
}

NEON uint32_t sum_of(const uint8_t *bytes, int64_t n) {
  int32x4_t sums = vdupq_n_s32(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    sums = vpadalq_s16(sums, vpaddlq_s8(vreinterpretq_s8_u8(vld1q_u8(bytes + i))));
  }
  uint32_t sum = (uint32_t)vaddvq_s32(sums);
  for (; i < n; i++) sum += (uint32_t)(int8_t)bytes[i];
  return sum;
}

NEON void interleave(
    const uint8_t *a, const uint8_t *b, const uint8_t *c, uint8x16_t flip, const int vectors,
    int32x4_t column[4]) {
  uint8x16_t rows[3];
  if (vectors == 4) {
    rows[0] = vld1q_u8(a), rows[1] = vld1q_u8(b), rows[2] = vld1q_u8(c);
  } else {
    const uint8x8_t none = vdup_n_u8(0);
    rows[0] = vcombine_u8(vld1_u8(a), none), rows[1] = vcombine_u8(vld1_u8(b), none);
    rows[2] = vcombine_u8(vld1_u8(c), none);
  }
  for (int r = 0; r < 3; r++) rows[r] = veorq_u8(rows[r], flip);
  const uint16x8_t first = vreinterpretq_u16_u8(vzip1q_u8(rows[0], rows[1]));
  const uint16x8_t last = vreinterpretq_u16_u8(vzip1q_u8(rows[2], rows[2]));
  column[0] = vreinterpretq_s32_u16(vzip1q_u16(first, last));
  column[1] = vreinterpretq_s32_u16(vzip2q_u16(first, last));
  if (vectors < 4) return;
  const uint16x8_t first_high = vreinterpretq_u16_u8(vzip2q_u8(rows[0], rows[1]));
  const uint16x8_t last_high = vreinterpretq_u16_u8(vzip2q_u8(rows[2], rows[2]));
  column[2] = vreinterpretq_s32_u16(vzip1q_u16(first_high, last_high));
  column[3] = vreinterpretq_s32_u16(vzip2q_u16(first_high, last_high));
}
