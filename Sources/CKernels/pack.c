// Weights laid out for the kernels' tiles, once, when a model is prepared.
#include <string.h>

#include "ckernels.h"
#include "requantize.h"

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

int64_t fk_packed_conv_size(int64_t out_c, int64_t k, int64_t run, int32_t nr, int32_t kr) {
  if (kr > 1) return round_up(out_c, nr) * (k / run) * round_up(run, kr);
  return round_up(out_c, nr) * round_up(k, kr);
}

int64_t fk_packed_depthwise_size(int64_t out_c, int64_t taps, int32_t nr, int32_t kr) {
  if (kr == 4) return round_up(out_c, nr) * 2 * 3 * 4;
  if (kr == 3) return round_up(out_c, nr) * 3 * 4;
  return round_up(out_c, nr) * round_up(taps, kr);
}

static int64_t start_of(int64_t group, int64_t out_c, int32_t nr, int32_t overlaps) {
  const int64_t start = group * nr;
  return overlaps && out_c >= nr && start > out_c - nr ? out_c - nr : start;
}

void fk_pack_f32_conv(
    const float *weights, int64_t out_c, int64_t k, int32_t nr, int32_t kr, int32_t overlaps,
    float *packed) {
  memset(packed, 0, sizeof(float) * (size_t)fk_packed_conv_size(out_c, k, k, nr, kr));
  for (int64_t group = 0; group * nr < out_c; group++) {
    const int64_t start = start_of(group, out_c, nr, overlaps);
    float *panel = packed + group * nr * k;
    for (int64_t j = 0; j < nr && start + j < out_c; j++) {
      for (int64_t i = 0; i < k; i++) {
        panel[(i / kr * nr + j) * kr + i % kr] = weights[(start + j) * k + i];
      }
    }
  }
}

// Where a channel of a group of 16 stands if vpunpck and vpackssdw are to leave them in order.
static const uint8_t place[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

void fk_pack_s8_conv(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t run, int32_t nr, int32_t kr,
    int32_t zero, uint8_t flip, void *to) {
  if (kr == 4) {
    int8_t *bytes = to;
    memset(bytes, 0, (size_t)fk_packed_conv_size(out_c, k, run, nr, kr));
    const int64_t run_bytes = round_up(run, 4);
    for (int64_t group = 0; 16 * group < out_c; group++) {
      const int64_t start = fk_group_start(group, out_c);
      int8_t *panel = bytes + group * 16 * (k / run) * run_bytes;
      const int64_t lanes = fk_group_is_half(group, out_c) ? 8 : 16;
      for (int64_t j = 0; j < 16; j++) {
        const int64_t c = start + j % lanes;
        for (int64_t i = 0; i < k && c < out_c; i++) {
          const int64_t at = i / run * run_bytes + i % run;
          panel[(at / 4 * 16 + j) * 4 + at % 4] = (int8_t)(weights[c * k + i] ^ flip);
        }
      }
    }
    return;
  }
  int16_t *packed = to;
  const int64_t run_size = round_up(run, kr);
  memset(packed, 0, sizeof(int16_t) * (size_t)fk_packed_conv_size(out_c, k, run, nr, kr));
  for (int64_t c = 0; c < out_c; c++) {
    int16_t *panel = packed + c / nr * nr * (k / run) * run_size;
    // A panel of sixteen, unless half of it is empty, is in the order of `place`.
    const int64_t lane = kr == 2 && out_c - c / nr * nr > 8 ? place[c % nr] : c % nr;
    for (int64_t i = 0; i < k; i++) {
      int16_t value = (int16_t)((int8_t)(weights[c * k + i] ^ flip) - zero);
      const int64_t at = i / run * run_size + i % run;
      panel[(at / kr * nr + lane) * kr + at % kr] = value;
    }
  }
}

void fk_pack_f32_depthwise(
    const float *weights, int64_t out_c, int64_t taps, int32_t nr, int32_t overlaps,
    float *packed) {
  const int64_t padded = round_up(out_c, nr);
  memset(packed, 0, sizeof(float) * (size_t)(padded * taps));
  if (!overlaps) {
    for (int64_t t = 0; t < taps; t++) {
      memcpy(packed + t * padded, weights + t * out_c, sizeof(float) * (size_t)out_c);
    }
    return;
  }
  for (int64_t group = 0; group * nr < out_c; group++) {
    const int64_t start = start_of(group, out_c, nr, overlaps);
    for (int64_t t = 0; t < taps; t++) {
      for (int64_t j = 0; j < nr && start + j < out_c; j++) {
        packed[(group * taps + t) * nr + j] = weights[t * out_c + start + j];
      }
    }
  }
}

// 3x3 in columns: the three rows of a channel side by side, and a fourth byte of zero.
static int pack_columns(
    const uint8_t *weights, int64_t out_c, int32_t zero, uint8_t flip, int8_t *packed) {
  int is_wide = 0;
  memset(packed, 0, (size_t)fk_packed_depthwise_size(out_c, 9, 16, 4));
  for (int64_t group = 0; 16 * group < out_c; group++) {
    const int64_t start = fk_group_start(group, out_c);
    const int64_t lanes = fk_group_is_half(group, out_c) ? 8 : 16;
    for (int64_t j = 0; j < 16; j++) {
      if (start + j % lanes >= out_c) continue;
      int8_t *at = packed + group * 2 * 192 + j * 4;
      for (int t = 0; t < 9; t++) {
        const int32_t value = (int8_t)(weights[t * out_c + start + j % lanes] ^ flip) - zero;
        const int32_t first = value < -128 ? -128 : value > 127 ? 127 : value;
        const int32_t rest = value - first;
        if (rest < -128 || rest > 127) return 0;
        is_wide |= rest != 0;
        at[t % 3 * 64 + t / 3] = (int8_t)first;
        at[192 + t % 3 * 64 + t / 3] = (int8_t)rest;
      }
    }
  }
  return 1 + is_wide;
}

int fk_pack_s8_depthwise(
    const uint8_t *weights, int64_t out_c, int64_t taps, int32_t nr, int32_t kr, int32_t zero,
    uint8_t flip, void *to) {
  if (kr == 4) return pack_columns(weights, out_c, zero, flip, to);
  int16_t *packed = to;
  if (kr == 3) {
    // Pairs of rows 0 and 1, and of row 2 and nothing.
    memset(packed, 0, sizeof(int16_t) * (size_t)fk_packed_depthwise_size(out_c, 9, nr, 3));
    for (int64_t c = 0; c < out_c; c++) {
      for (int t = 0; t < 9; t++) {
        const int row = t / 3, column = t % 3;
        const int64_t at = c / 16 * 192 + column * 64 + row / 2 * 32 + place[c % 16] * 2 + row % 2;
        packed[at] = (int16_t)((int8_t)(weights[t * out_c + c] ^ flip) - zero);
      }
    }
    return 1;
  }
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
  return 1;
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

static int32_t byte_of(int32_t value, int32_t zero) {
  const int64_t result = (int64_t)value + zero;
  return result < -128 ? -128 : result > 127 ? 127 : (int32_t)result;
}

int fk_requant_fill(
    int64_t out_c, int32_t overlaps, const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
    const int64_t *products, int32_t out_zero, fk_requant *blocks) {
  int has_left = 0;
  for (int64_t c = 0; c < out_c; c++) has_left |= shift[c] > 0;
  for (int64_t group = 0; 16 * group < out_c; group++) {
    const int64_t start = overlaps ? fk_group_start(group, out_c) : 16 * group;
    fk_requant *block = blocks + group;
    memset(block, 0, sizeof *block);
    const int64_t lanes = overlaps && fk_group_is_half(group, out_c) ? 8 : 16;
    for (int64_t i = 0; i < 16; i++) {
      const int64_t c = start + i % lanes, lane = overlaps ? i : place[i];
      if (c >= out_c) continue;
      const int64_t fixed = bias[c] < 0 ? -(int64_t)bias[c] : bias[c];
      // The bias has part of the products in it already, in the other direction.
      const int64_t bound = fixed + 2 * products[c];
      int32_t left = shift[c] > 0 ? shift[c] : 0;
      int32_t right = left > 0 ? 0 : -shift[c], factor = multiplier[c], zero = out_zero;
      const int64_t least = bias[c] - products[c], most = bias[c] + products[c];
      if (least == most || (shift[c] <= 0 && least >= INT32_MIN && most <= INT32_MAX)) {
        // Where both ends give the same byte, so does all between: fk_scale does not fall unless it shifts left.
        // So it is in channels that training has switched off, or nearly; their factors are too small for the rest.
        const int32_t lowest = byte_of(fk_scale((int32_t)least, factor, shift[c]), out_zero);
        const int32_t highest = byte_of(fk_scale((int32_t)most, factor, shift[c]), out_zero);
        if (lowest == highest) {
          zero = lowest;
          left = right = factor = 0;
        }
      }
      const int64_t half = right > 0 ? 1ll << (right - 1) : 0;
      const int64_t offset = half + zero * (1ll << right);
      if (factor != 0 && (right > 24 || left > 24 || bound << left >= 1ll << 31)) return 0;
      const int64_t largest = factor == 0 ? 0 : (((bound << left) * factor) >> 31) + 1;
      if (largest + (offset < 0 ? -offset : offset) >= 1ll << 31) return 0;
      const uint64_t m = (uint64_t)(uint32_t)factor * 2;
      const uint64_t constant = (1ull << 31) + ((uint64_t)offset << 32) - (m << 31);
      block->bias[lane] = (int32_t)((uint32_t)bias[c] + (has_left ? 0 : 1u << 31));
      block->multiplier[lane] = (uint32_t)m;
      if (lane % 2 == 0) {
        block->even[lane / 2] = constant;
      } else {
        block->odd[lane / 2] = constant;
      }
      block->shift[lane] = right;
      block->sign[lane] = right > 0 ? (int32_t)offset : INT32_MIN;
      block->left[lane] = left;
    }
  }
  return has_left ? 2 : 1;
}

void fk_sum_bounds(
    const uint8_t *weights, int64_t out_c, int64_t k, int64_t channel_step, int64_t k_step,
    int32_t zero, uint8_t flip, int64_t *bound) {
  for (int64_t c = 0; c < out_c; c++) {
    int64_t sum = 0;
    for (int64_t i = 0; i < k; i++) {
      const int32_t value = (int8_t)(weights[c * channel_step + i * k_step] ^ flip) - zero;
      sum += value < 0 ? -value : value;
    }
    bound[c] = 255 * sum;
  }
}
