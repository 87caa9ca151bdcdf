// Pooling and means, for bytes and floats.
#include <math.h>
#include <string.h>

#include "requantize.h"
#include "table.h"

static inline float clamp(float x, float lo, float hi) { return fminf(fmaxf(x, lo), hi); }

FK_KERNEL(fk_f32_max_pool_1__portable) {
  const fk_f32_pool *p = params;
  const fk_window *w = &p->w;
  for (int64_t row = begin; row < end; row++) {
    int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    int64_t y_from = y0 < 0 ? 0 : y0, y_to = y0 + w->k_h > w->in_h ? w->in_h : y0 + w->k_h;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t x0 = ox * w->stride_w - w->pad_left;
      int64_t x_from = x0 < 0 ? 0 : x0, x_to = x0 + w->k_w > w->in_w ? w->in_w : x0 + w->k_w;
      float *out = p->output + (row * w->out_w + ox) * w->in_c;
      for (int64_t c = 0; c < w->in_c; c++) out[c] = -INFINITY;
      for (int64_t y = y_from; y < y_to; y++) {
        for (int64_t x = x_from; x < x_to; x++) {
          const float *in = p->input + ((n * w->in_h + y) * w->in_w + x) * w->in_c;
          for (int64_t c = 0; c < w->in_c; c++) out[c] = in[c] > out[c] ? in[c] : out[c];
        }
      }
      for (int64_t c = 0; c < w->in_c; c++) out[c] = clamp(out[c], p->lo, p->hi);
    }
  }
}

FK_KERNEL(fk_s8_max_pool_1__portable) {
  const fk_s8_pool *p = params;
  const fk_window *w = &p->w;
  for (int64_t row = begin; row < end; row++) {
    int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    int64_t y_from = y0 < 0 ? 0 : y0, y_to = y0 + w->k_h > w->in_h ? w->in_h : y0 + w->k_h;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t x0 = ox * w->stride_w - w->pad_left;
      int64_t x_from = x0 < 0 ? 0 : x0, x_to = x0 + w->k_w > w->in_w ? w->in_w : x0 + w->k_w;
      uint8_t *out = p->output + (row * w->out_w + ox) * w->in_c;
      for (int64_t c = 0; c < w->in_c; c++) {
        int32_t largest = -128;
        for (int64_t y = y_from; y < y_to; y++) {
          for (int64_t x = x_from; x < x_to; x++) {
            int64_t at = ((n * w->in_h + y) * w->in_w + x) * w->in_c + c;
            int32_t value = (int8_t)(p->input[at] ^ p->flip);
            largest = value > largest ? value : largest;
          }
        }
        out[c] = (uint8_t)fk_clamp_s32(largest, p->lo, p->hi) ^ p->flip;
      }
    }
  }
}

FK_KERNEL(fk_f32_average_pool_1__portable) {
  const fk_f32_pool *p = params;
  const fk_window *w = &p->w;
  for (int64_t row = begin; row < end; row++) {
    int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    int64_t y_from = y0 < 0 ? 0 : y0, y_to = y0 + w->k_h > w->in_h ? w->in_h : y0 + w->k_h;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t x0 = ox * w->stride_w - w->pad_left;
      int64_t x_from = x0 < 0 ? 0 : x0, x_to = x0 + w->k_w > w->in_w ? w->in_w : x0 + w->k_w;
      float *out = p->output + (row * w->out_w + ox) * w->in_c;
      const float count = (float)((y_to - y_from) * (x_to - x_from));
      for (int64_t c = 0; c < w->in_c; c++) out[c] = 0;
      for (int64_t y = y_from; y < y_to; y++) {
        for (int64_t x = x_from; x < x_to; x++) {
          const float *in = p->input + ((n * w->in_h + y) * w->in_w + x) * w->in_c;
          for (int64_t c = 0; c < w->in_c; c++) out[c] += in[c];
        }
      }
      for (int64_t c = 0; c < w->in_c; c++) out[c] = clamp(out[c] / count, p->lo, p->hi);
    }
  }
}

// Means of 2 x 2 pixels of a row: what halves a picture. `in` is the first row of two.
static void halve_row(const fk_s8_pool *p, const uint8_t *in, uint8_t *out) {
  const int64_t channels = p->w.in_c, next = p->w.in_w * channels;
  for (int64_t ox = 0; ox < p->w.out_w; ox++, in += 2 * channels, out += channels) {
    for (int64_t c = 0; c < channels; c++) {
      const uint8_t four[4] = {in[c], in[channels + c], in[next + c], in[next + channels + c]};
      int32_t sum = 0;
      for (int i = 0; i < 4; i++) sum += p->flip ? four[i] : (int8_t)four[i];
      const int32_t mean = (sum + (sum > 0 || p->flip ? 2 : -2)) / 4 - p->flip;
      out[c] = (uint8_t)fk_clamp_s32(mean, p->lo, p->hi) ^ p->flip;
    }
  }
}

// The reference rounds half away from the type's own zero, so uint8 is averaged as it lies.
FK_KERNEL(fk_s8_average_pool_1__portable) {
  const fk_s8_pool *p = params;
  const fk_window *w = &p->w;
  const int is_halving = w->k_h == 2 && w->k_w == 2 && w->stride_h == 2 && w->stride_w == 2 &&
      w->pad_top == 0 && w->pad_left == 0 && 2 * w->out_h <= w->in_h && 2 * w->out_w <= w->in_w;
  for (int64_t row = begin; row < end; row++) {
    int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    if (is_halving) {
      const uint8_t *in = p->input + (n * w->in_h + y0) * w->in_w * w->in_c;
      halve_row(p, in, p->output + row * w->out_w * w->in_c);
      continue;
    }
    int64_t y_from = y0 < 0 ? 0 : y0, y_to = y0 + w->k_h > w->in_h ? w->in_h : y0 + w->k_h;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t x0 = ox * w->stride_w - w->pad_left;
      int64_t x_from = x0 < 0 ? 0 : x0, x_to = x0 + w->k_w > w->in_w ? w->in_w : x0 + w->k_w;
      uint8_t *out = p->output + (row * w->out_w + ox) * w->in_c;
      const int64_t count = (y_to - y_from) * (x_to - x_from);
      for (int64_t first = 0; first < w->in_c; first += 64) {
        const int64_t channels = w->in_c - first < 64 ? w->in_c - first : 64;
        int64_t sum[64] = {0};
        for (int64_t y = y_from; y < y_to; y++) {
          for (int64_t x = x_from; x < x_to;) {
            // Few enough columns for 32 bits.
            const int64_t stop = x_to - x < 65536 ? x_to : x + 65536;
            int32_t part[64] = {0};
            for (; x < stop; x++) {
              const uint8_t *in = p->input + ((n * w->in_h + y) * w->in_w + x) * w->in_c + first;
              if (p->flip) {
                for (int64_t c = 0; c < channels; c++) part[c] += in[c];
              } else {
                for (int64_t c = 0; c < channels; c++) part[c] += (int8_t)in[c];
              }
            }
            for (int64_t c = 0; c < channels; c++) sum[c] += part[c];
          }
        }
        for (int64_t c = 0; c < channels; c++) {
          int64_t mean = (sum[c] + (sum[c] > 0 || p->flip ? count / 2 : -(count / 2))) / count;
          mean -= p->flip;
          out[first + c] = (uint8_t)fk_clamp_s32((int32_t)mean, p->lo, p->hi) ^ p->flip;
        }
      }
    }
  }
}

// Runs BODY for runs of `n` inputs from `i` that go to `out` with step `step`.
#define FOR_EACH_RUN(p, BODY)                                                    \
  do {                                                                           \
    int64_t at[FK_MAX_RANK] = {0}, out = 0, total = 1;                           \
    const int32_t last = (p)->rank - 1;                                          \
    for (int32_t d = 0; d < (p)->rank; d++) total *= (p)->dims[d];               \
    const int64_t n = (p)->dims[last], step = (p)->out_stride[last];             \
    for (int64_t i = 0; i < total; i += n) {                                     \
      BODY;                                                                      \
      for (int32_t d = last - 1; d >= 0; d--) {                                  \
        out += (p)->out_stride[d];                                               \
        if (++at[d] < (p)->dims[d]) break;                                       \
        out -= (p)->dims[d] * (p)->out_stride[d];                                \
        at[d] = 0;                                                               \
      }                                                                          \
    }                                                                            \
  } while (0)

FK_KERNEL(fk_f32_mean_1__portable) {
  const fk_mean *p = params;
  (void)begin;
  (void)end;
  (void)scratch;
  const float *in = p->input;
  float *result = p->output;
  for (int64_t i = 0; i < p->outputs; i++) result[i] = 0;
  FOR_EACH_RUN(p, {
    for (int64_t j = 0; j < n; j++) result[out + j * step] += in[i + j];
  });
  for (int64_t i = 0; i < p->outputs; i++) result[i] /= (float)p->count;
}

FK_KERNEL(fk_s8_mean_1__portable) {
  const fk_mean *p = params;
  (void)begin;
  (void)end;
  const uint8_t *in = p->input;
  uint8_t *result = p->output;
  uint32_t *sum = scratch;
  memset(sum, 0, sizeof *sum * (size_t)p->outputs);
  FOR_EACH_RUN(p, {
    for (int64_t j = 0; j < n; j++) sum[out + j * step] += (uint32_t)(int8_t)(in[i + j] ^ p->flip);
  });
  for (int64_t i = 0; i < p->outputs; i++) {
    int32_t total = (int32_t)(sum[i] - (uint32_t)p->in_sum);
    int32_t value = fk_scale(total, p->multiplier, p->shift) + p->out_zero;
    result[i] = (uint8_t)fk_clamp_s32(value, -128, 127) ^ p->flip;
  }
}
