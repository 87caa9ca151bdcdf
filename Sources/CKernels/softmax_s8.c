// Softmax in fixed point, as TensorFlow Lite's reference kernel computes it: exponentials in Q0.31
// from a differences table, their sum in Q12.19, its reciprocal by three Newton-Raphson steps.
// "Qm.n" is a 32-bit number with m integer and n fractional bits.
#include "requantize.h"
#include "table.h"

static int32_t saturating_shift_left(int32_t x, int32_t shift) {
  int64_t wide = (int64_t)x * (1ll << shift);
  return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

// exp(a) for a in Q0.31, -1/4 <= a < 0: a Taylor polynomial around -1/8.
static int32_t exp_near_zero(int32_t a) {
  const int32_t exp_of_minus_eighth = 1895147668, third = 715827883;
  int32_t x = (int32_t)((uint32_t)a + (1u << 28));
  int32_t x2 = fk_doubling_high_mul(x, x);
  int32_t x3 = fk_doubling_high_mul(x2, x);
  int32_t x4 = fk_doubling_high_mul(x2, x2);
  int32_t x4_quarter = fk_rounding_divide(x4, 2);
  int32_t tail = fk_rounding_divide(fk_doubling_high_mul(x4_quarter + x3, third) + x2, 1);
  return exp_of_minus_eighth + fk_doubling_high_mul(exp_of_minus_eighth, x + tail);
}

// exp(a) in Q0.31 for a <= 0 in Q5.26.
static int32_t exp_of_negative(int32_t a) {
  if (a == 0) return INT32_MAX;
  const int32_t quarter = 1 << 24;
  int32_t in_quarter = (a & (quarter - 1)) - quarter;
  int32_t result = exp_near_zero(saturating_shift_left(in_quarter, 5));
  uint32_t rest = (uint32_t)in_quarter - (uint32_t)a;
  // exp(-2^e) in Q0.31 for e = -2 ... 4.
  static const int32_t factor[7] = {1672461947, 1302514674, 790015084, 290630308,
                                    39332535,   720401,     242};
  for (int i = 0; i < 7; i++) {
    if (rest & (1u << (24 + i))) result = fk_doubling_high_mul(result, factor[i]);
  }
  return result;
}

// 1 / (1 + a) in Q0.31 for 0 <= a < 1 in Q0.31.
static int32_t reciprocal_of_one_plus(int32_t a) {
  int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  const int32_t one = 1 << 29, c48_over_17 = 1515870810, c_minus_32_over_17 = -1010580540;  // Q2.29
  int32_t x = c48_over_17 + fk_doubling_high_mul(half, c_minus_32_over_17);
  for (int i = 0; i < 3; i++) {
    int32_t rest = one - fk_doubling_high_mul(half, x);
    x += saturating_shift_left(fk_doubling_high_mul(x, rest), 2);
  }
  return saturating_shift_left(x, 1);
}

void fk_s8_softmax_fill(
    fk_s8_softmax *p, int32_t multiplier, int32_t left_shift, int32_t largest_difference) {
  for (int32_t d = 0; d < 256; d++) {
    int32_t scaled = fk_doubling_high_mul(fk_shift_left(-d, left_shift), multiplier);
    p->exp_of_difference[d] = d <= largest_difference ? exp_of_negative(scaled) : 0;
  }
}

FK_KERNEL(fk_s8_softmax_1__portable) {
  const fk_s8_softmax *p = params;
  for (int64_t row = begin; row < end; row++) {
    const uint8_t *in = p->input + row * p->depth;
    uint8_t *out = p->output + row * p->depth;
    int32_t largest = -128;
    for (int64_t c = 0; c < p->depth; c++) {
      int32_t value = (int8_t)(in[c] ^ p->flip);
      largest = value > largest ? value : largest;
    }
    uint32_t sum = 0;
    for (int64_t c = 0; c < p->depth; c++) {
      int32_t value = (int8_t)(in[c] ^ p->flip);
      sum += (uint32_t)fk_rounding_divide(p->exp_of_difference[largest - value], 12);
    }
    // The largest value's own share is 2^19, so the sum is never zero.
    int32_t headroom = __builtin_clz(sum);
    int32_t scale = reciprocal_of_one_plus((int32_t)((sum << headroom) - (1u << 31)));
    const int32_t exponent = 12 - headroom + 31 - 8;
    for (int64_t c = 0; c < p->depth; c++) {
      int32_t e = p->exp_of_difference[largest - (int8_t)(in[c] ^ p->flip)];
      // Beyond 31 every share is below half a step.
      int32_t share =
          exponent > 31 ? 0 : fk_rounding_divide(fk_doubling_high_mul(scale, e), exponent);
      out[c] = (uint8_t)fk_clamp_s32(share - 128, -128, 127) ^ p->flip;
    }
  }
}
