// Weights laid out for the kernels' tiles, once, when a model is prepared.
#include <string.h>

#include "ckernels.h"

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

int64_t fk_packed_conv_size(int64_t out_c, int64_t k, int32_t nr, int32_t kr) {
  return round_up(out_c, nr) * round_up(k, kr);
}

int64_t fk_packed_depthwise_size(int64_t out_c, int64_t taps, int32_t nr, int32_t kr) {
  return round_up(out_c, nr) * round_up(taps, kr);
}

void fk_pack_f32_conv(const float *weights, int64_t out_c, int64_t k, int32_t nr, float *packed) {
  memset(packed, 0, sizeof(float) * (size_t)fk_packed_conv_size(out_c, k, nr, 1));
  for (int64_t c = 0; c < out_c; c++) {
    float *panel = packed + c / nr * nr * k + c % nr;
    for (int64_t i = 0; i < k; i++) panel[i * nr] = weights[c * k + i];
  }
}

void fk_pack_s8_conv(
    const uint8_t *weights, int64_t out_c, int64_t k, int32_t nr, int32_t kr, int32_t zero,
    uint8_t flip, int16_t *packed) {
  int64_t steps = (k + kr - 1) / kr;
  memset(packed, 0, sizeof(int16_t) * (size_t)fk_packed_conv_size(out_c, k, nr, kr));
  for (int64_t c = 0; c < out_c; c++) {
    int16_t *panel = packed + c / nr * nr * kr * steps;
    for (int64_t i = 0; i < k; i++) {
      int16_t value = (int16_t)((int8_t)(weights[c * k + i] ^ flip) - zero);
      panel[(i / kr * nr + c % nr) * kr + i % kr] = value;
    }
  }
}

void fk_pack_f32_depthwise(
    const float *weights, int64_t out_c, int64_t taps, int32_t nr, float *packed) {
  int64_t padded = round_up(out_c, nr);
  memset(packed, 0, sizeof(float) * (size_t)(padded * taps));
  for (int64_t t = 0; t < taps; t++) {
    memcpy(packed + t * padded, weights + t * out_c, sizeof(float) * (size_t)out_c);
  }
}

void fk_pack_s8_depthwise(
    const uint8_t *weights, int64_t out_c, int64_t taps, int32_t nr, int32_t kr, int32_t zero,
    uint8_t flip, int16_t *packed) {
  // Where a channel of a group of 16 stands after interleaving bytes within 128-bit lanes.
  static const uint8_t place[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};
  int64_t padded = round_up(out_c, nr);
  memset(packed, 0, sizeof(int16_t) * (size_t)fk_packed_depthwise_size(out_c, taps, nr, kr));
  for (int64_t t = 0; t < taps; t++) {
    for (int64_t c = 0; c < out_c; c++) {
      int16_t value = (int16_t)((int8_t)(weights[t * out_c + c] ^ flip) - zero);
      if (kr == 1) {
        packed[t * padded + c] = value;
      } else {
        packed[(t / 2 * padded + c / 16 * 16 + place[c % 16]) * 2 + t % 2] = value;
      }
    }
  }
}

void fk_fold_input_zero(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t channel_step, int64_t k_step,
    int32_t zero, uint8_t flip, int32_t input_zero, int32_t *bias) {
  for (int64_t c = 0; c < out_c; c++) {
    uint32_t sum = 0;
    for (int64_t i = 0; i < k; i++) {
      sum += (uint32_t)((int8_t)(weights[c * channel_step + i * k_step] ^ flip) - zero);
    }
    bias[c] = (int32_t)((uint32_t)bias[c] - (uint32_t)input_zero * sum);
  }
}
