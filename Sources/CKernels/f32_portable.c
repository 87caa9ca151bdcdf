// Float kernels without instructions of a particular machine: slow, clear, the measure of the others.
#include <math.h>

#include "dynamic.h"
#include "table.h"
#include "window.h"

static inline float clamp(float x, float lo, float hi) { return fminf(fmaxf(x, lo), hi); }

int64_t fk_f32_conv_scratch(const fk_window *w, const fk_kernel *kernel) {
  if (kernel->isa == FK_ISA_PORTABLE) return fk_window_k(w) * (int64_t)sizeof(float) + FK_SLACK;
  // The rows that a window sees, with their borders.
  const int64_t width = (int64_t)(w->out_w - 1) * w->stride_w + w->k_w;
  return width * w->in_c * w->k_h * (int64_t)sizeof(float) + FK_SLACK;
}

int64_t fk_depthwise_scratch(const fk_window *w) {
  return ((int64_t)w->k_h * w->k_w + 2) * (int64_t)sizeof(void *) + w->in_c + 64;
}

FK_KERNEL(fk_f32_conv_1x8__portable) {
  const fk_f32_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t k = fk_window_k(w);
  float *gathered = scratch;
  for (int64_t row = begin; row < end; row++) {
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      float *at = gathered;
      for (int32_t ky = 0; ky < w->k_h; ky++) {
        for (int32_t kx = 0; kx < w->k_w; kx++, at += w->in_c) {
          int64_t tap = fk_tap(w, row / w->out_h, row % w->out_h, ox, ky, kx);
          if (tap < 0) {
            memset(at, 0, sizeof(float) * (size_t)w->in_c);
          } else {
            memcpy(at, p->input + tap, sizeof(float) * (size_t)w->in_c);
          }
        }
      }
      float *out = p->output + (row * w->out_w + ox) * w->out_c;
      for (int64_t c = 0; c < w->out_c; c += 8) {
        const float *panel = p->weights + c * k;
        float acc[8];
        for (int j = 0; j < 8; j++) acc[j] = 0;
        for (int64_t i = 0; i < k; i++) {
          for (int j = 0; j < 8; j++) acc[j] += gathered[i] * panel[i * 8 + j];
        }
        for (int64_t j = 0; j < 8 && c + j < w->out_c; j++) {
          out[c + j] = clamp(acc[j] + p->bias[c + j], p->lo, p->hi);
        }
      }
    }
  }
}

FK_KERNEL(fk_f32_depthwise_1x8__portable) {
  const fk_f32_depthwise *p = params;
  const fk_window *w = &p->w;
  const int64_t taps = (int64_t)w->k_h * w->k_w, padded = ((int64_t)w->out_c + 7) / 8 * 8;
  const int64_t multiplier = w->out_c / w->in_c;
  const float **source = scratch;
  for (int64_t row = begin; row < end; row++) {
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      for (int64_t t = 0; t < taps; t++) {
        int64_t tap = fk_tap(w, row / w->out_h, row % w->out_h, ox, t / w->k_w, t % w->k_w);
        source[t] = tap < 0 ? p->zeros : p->input + tap;
      }
      float *out = p->output + (row * w->out_w + ox) * w->out_c;
      for (int64_t c = 0; c < w->out_c; c++) {
        float acc = 0;
        for (int64_t t = 0; t < taps; t++) {
          acc += source[t][c / multiplier] * p->weights[t * padded + c];
        }
        out[c] = clamp(acc + p->bias[c], p->lo, p->hi);
      }
    }
  }
}

FK_KERNEL(fk_f32_clamp_1__portable) {
  const fk_f32_clamp *p = params;
  for (int64_t i = begin; i < end; i++) p->output[i] = clamp(p->input[i], p->lo, p->hi);
}

FK_KERNEL(fk_f32_softmax_1__portable) {
  const fk_f32_softmax *p = params;
  for (int64_t row = begin; row < end; row++) {
    const float *in = p->input + row * p->depth;
    float *out = p->output + row * p->depth;
    float largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < p->depth; c++) largest = in[c] > largest ? in[c] : largest;
    for (int64_t c = 0; c < p->depth; c++) {
      out[c] = expf((in[c] - largest) * p->beta);
      sum += out[c];
    }
    for (int64_t c = 0; c < p->depth; c++) out[c] /= sum;
  }
}

FK_KERNEL(fk_f32_logistic_1__portable) {
  const fk_f32_clamp *p = params;
  for (int64_t i = begin; i < end; i++) p->output[i] = 1.0f / (1.0f + expf(-p->input[i]));
}

FK_KERNEL(fk_f32_dynamic_quantize_1__portable) {
  const fk_dynamic_quantize *p = params;
  for (int64_t batch = begin; batch < end; batch++) {
    const float *in = p->input + batch * p->size;
    uint8_t *out = p->output + batch * p->size;
    float least = 0, largest = 0;
    for (int64_t i = 0; i < p->size; i++) {
      least = in[i] < least ? in[i] : least;
      largest = in[i] > largest ? in[i] : largest;
    }
    int32_t lowest;
    fk_dynamic *dynamic = p->dynamic + batch;
    const float inverse = fk_dynamic_range(least, largest, p->is_asymmetric, dynamic, &lowest);
    for (int64_t i = 0; i < p->size; i++) {
      out[i] = fk_dynamic_byte(in[i], inverse, dynamic, lowest);
    }
  }
}
