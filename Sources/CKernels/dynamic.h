// Activations quantised at run time, as TensorFlow Lite's reference kernels do it.
#ifndef FK_DYNAMIC_H
#define FK_DYNAMIC_H

#include <math.h>

#include "ckernels.h"

// Chooses scale and zero point for values between `least` and `largest`; gives what values are
// multiplied by, and the lowest integer.
static inline float fk_dynamic_range(
    float least, float largest, int is_asymmetric, fk_dynamic *dynamic, int32_t *lowest) {
  dynamic->scale = 1;
  dynamic->zero = 0;
  *lowest = -127;
  if (is_asymmetric) {
    *lowest = -128;
    if (least == largest) return 0;
    const double scale = ((double)largest - (double)least) / 255.0;
    const double from_least = -128.0 - least / scale, from_largest = 127.0 - largest / scale;
    const double least_error = 128.0 + fabs(least / scale);
    const double largest_error = 127.0 + fabs(largest / scale);
    double zero = least_error < largest_error ? from_least : from_largest;
    // Written so that what is not a number is bounded too.
    zero = zero > -128.0 ? (zero < 127.0 ? round(zero) : 127.0) : -128.0;
    dynamic->scale = (float)scale;
    dynamic->zero = (int32_t)zero;
    return 1.0f / dynamic->scale;
  }
  const float range = fmaxf(-least, largest);
  if (!(range > 0)) return 0;
  dynamic->scale = range / 127.0f;
  return 127.0f / range;
}

static inline uint8_t fk_dynamic_byte(
    float x, float inverse, const fk_dynamic *dynamic, int32_t lowest) {
  float value = roundf((float)dynamic->zero + x * inverse);
  value = value > -1024.0f ? (value < 1024.0f ? value : 1024.0f) : -1024.0f;
  const int32_t steps = (int32_t)value;
  return (uint8_t)(steps < lowest ? lowest : steps > 127 ? 127 : steps);
}

#endif
