// Fixed-point multiplication as TensorFlow Lite's reference kernels define it: a rounding doubling
// high multiplication (half up), then a rounding division by a power of two (half away from zero).
#ifndef FK_REQUANTIZE_H
#define FK_REQUANTIZE_H

#include <stdint.h>

// (a * b * 2) >> 32, rounded, saturated for the one product that does not fit.
static inline int32_t fk_doubling_high_mul(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int32_t)(((int64_t)a * b + (1ll << 30)) >> 31);
}

// x / 2^exponent for 0 <= exponent <= 31.
static inline int32_t fk_rounding_divide(int32_t x, int32_t exponent) {
  int32_t mask = (int32_t)((1ll << exponent) - 1);
  int32_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + ((x & mask) > threshold);
}

// x * 2^shift, wrapping as a 32-bit register does.
static inline int32_t fk_shift_left(int32_t x, int32_t shift) {
  return (int32_t)((uint32_t)x << shift);
}

static inline int32_t fk_scale(int32_t x, int32_t multiplier, int32_t shift) {
  int32_t left = shift > 0 ? shift : 0;
  int32_t right = shift > 0 ? 0 : -shift;
  return fk_rounding_divide(fk_doubling_high_mul(fk_shift_left(x, left), multiplier), right);
}

static inline int32_t fk_clamp_s32(int32_t x, int32_t lo, int32_t hi) {
  return x < lo ? lo : x > hi ? hi : x;
}

#endif
