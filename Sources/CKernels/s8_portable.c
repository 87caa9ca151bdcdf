// Quantised kernels without instructions of a particular machine. Their results are defined bit for
// bit by TensorFlow Lite's reference kernels; every other variant must give the same.
#include <math.h>

#include "requantize.h"
#include "table.h"
#include "window.h"

int64_t fk_s8_conv_scratch(const fk_window *w, const fk_kernel *kernel) {
  const int64_t k = fk_window_k(w), size = kernel->kr == 4 ? 1 : (int64_t)sizeof(int16_t);
  if (kernel->kr == 1) return k * size + FK_SLACK;
  // A block of pixels or the rows of a window with their borders, and a sum for each pixel.
  const int64_t width = (int64_t)(w->out_w - 1) * w->stride_w + w->k_w;
  const int64_t values = fk_window_is_pointwise(w)
                             ? fk_block_pixels(k * size, kernel->mr) * k
                             : w->k_h * width * w->in_c;
  // A quantised input at run time takes the way of the rows always.
  const int64_t rows = ((fk_block_rows(w) - 1) * w->stride_h + w->k_h) * width * w->in_c;
  return (values > rows ? values : rows) * size +
         (w->out_w > 96 ? w->out_w : 96) * (int64_t)sizeof(int32_t) + 5 * 64;
}

static inline uint8_t requantize(
    int32_t acc, int32_t multiplier, int32_t shift, int32_t out_zero, int32_t lo, int32_t hi,
    uint8_t flip) {
  int32_t value = fk_scale(acc, multiplier, shift) + out_zero;
  return (uint8_t)fk_clamp_s32(value, lo, hi) ^ flip;
}

static inline float hybrid_result(
    const fk_hybrid *h, int64_t batch, int64_t channel, int32_t acc) {
  const fk_dynamic *dynamic = h->dynamic + batch;
  acc = (int32_t)((uint32_t)acc - (uint32_t)dynamic->zero * (uint32_t)h->weight_sum[channel]);
  float value = (float)acc * h->scale[channel] * dynamic->scale + h->bias[channel];
  return fminf(fmaxf(value, h->lo), h->hi);
}

FK_KERNEL(fk_s8_conv_1x8__portable) {
  const fk_s8_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t k = fk_window_k(w);
  int16_t *gathered = scratch;
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h;
    const uint8_t zero = p->hybrid ? (uint8_t)p->hybrid->dynamic[n].zero : p->in_zero;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int16_t *at = gathered;
      for (int32_t ky = 0; ky < w->k_h; ky++) {
        for (int32_t kx = 0; kx < w->k_w; kx++) {
          int64_t tap = fk_tap(w, n, row % w->out_h, ox, ky, kx);
          for (int32_t c = 0; c < w->in_c; c++) {
            *at++ = (int8_t)((tap < 0 ? zero : p->input[tap + c]) ^ p->flip);
          }
        }
      }
      const int64_t first = (row * w->out_w + ox) * w->out_c;
      for (int64_t c = 0; c < w->out_c; c += 8) {
        const int16_t *panel = (const int16_t *)p->weights + c * k;
        uint32_t acc[8];
        for (int j = 0; j < 8; j++) acc[j] = p->hybrid ? 0 : (uint32_t)p->bias[c + j];
        for (int64_t i = 0; i < k; i++) {
          for (int j = 0; j < 8; j++) acc[j] += (uint32_t)(gathered[i] * panel[i * 8 + j]);
        }
        for (int64_t j = 0; j < 8 && c + j < w->out_c; j++) {
          if (p->hybrid) {
            p->hybrid->output[first + c + j] = hybrid_result(p->hybrid, n, c + j, (int32_t)acc[j]);
            continue;
          }
          p->output[first + c + j] = requantize(
              (int32_t)acc[j], p->multiplier[c + j], p->shift[c + j], p->out_zero, p->lo, p->hi,
              p->flip);
        }
      }
    }
  }
}

FK_KERNEL(fk_s8_depthwise_1x8__portable) {
  const fk_s8_depthwise *p = params;
  const fk_window *w = &p->w;
  const int64_t taps = (int64_t)w->k_h * w->k_w, padded = ((int64_t)w->out_c + 7) / 8 * 8;
  const int64_t multiplier = w->out_c / w->in_c;
  const uint8_t **source = scratch;
  for (int64_t row = begin; row < end; row++) {
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      for (int64_t t = 0; t < taps; t++) {
        int64_t tap = fk_tap(w, row / w->out_h, row % w->out_h, ox, t / w->k_w, t % w->k_w);
        source[t] = tap < 0 ? NULL : p->input + tap;
      }
      const int64_t n = row / w->out_h, first = (row * w->out_w + ox) * w->out_c;
      const uint8_t zero = p->hybrid ? (uint8_t)p->hybrid->dynamic[n].zero : p->zeros[0];
      for (int64_t c = 0; c < w->out_c; c++) {
        uint32_t acc = p->hybrid ? 0 : (uint32_t)p->bias[c];
        for (int64_t t = 0; t < taps; t++) {
          int32_t value = (int8_t)((source[t] ? source[t][c / multiplier] : zero) ^ p->flip);
          acc += (uint32_t)(value * ((const int16_t *)p->weights)[t * padded + c]);
        }
        if (p->hybrid) {
          p->hybrid->output[first + c] = hybrid_result(p->hybrid, n, c, (int32_t)acc);
          continue;
        }
        p->output[first + c] = requantize(
            (int32_t)acc, p->multiplier[c], p->shift[c], p->out_zero, p->lo, p->hi, p->flip);
      }
    }
  }
}

FK_KERNEL(fk_s8_lookup_1__portable) {
  const fk_s8_lookup *p = params;
  for (int64_t i = begin; i < end; i++) p->output[i] = p->table[p->input[i]];
}

FK_KERNEL(fk_f32_to_s8_1__portable) {
  const fk_f32_to_s8 *p = params;
  for (int64_t i = begin; i < end; i++) {
    float value = roundf(p->input[i] / p->scale);
    // Beyond this the conversion to an integer is undefined; the result is at its end anyway.
    value = value > -1024.0f ? (value < 1024.0f ? value : 1024.0f) : -1024.0f;
    p->output[i] = (uint8_t)fk_clamp_s32((int32_t)value + p->zero, -128, 127) ^ p->flip;
  }
}

FK_KERNEL(fk_s8_to_f32_1__portable) {
  const fk_s8_to_f32 *p = params;
  for (int64_t i = begin; i < end; i++) p->output[i] = p->table[p->input[i]];
}
