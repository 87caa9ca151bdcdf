// Float convolutions in tiles that stay in registers, for vectors of any width. Whoever includes this
// defines the vector: LANES, VECTOR, LOAD, STORE, STORE_FIRST, SET1, ADD, MULTIPLY_ADD, MIN, MAX, ZERO,
// TARGET, and the largest tile: ROWS_1, ROWS_2 and ROWS_3 pixels by one to three vectors of channels, 0
// where three are too many.
//
// Channels are in groups of LANES. The last group ends with the last channel, so that groups may
// overlap: what is computed twice is the same.
#include <string.h>

#include "table.h"
#include "window.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef struct tile_args {
  // Inputs of the first pixel: `runs` of them, one every `run_step`, of `run` values each.
  const float *a;
  int64_t a_step;  // from pixel to pixel
  int64_t runs, run_step, run;
  const float *weights;  // of the first group, others every `weights_step`
  int64_t weights_step;
  const float *bias;
  int64_t group, out_c;
  float *out;  // of the first pixel
  float lo, hi;
} tile_args;

INLINE int64_t group_start(int64_t group, int64_t out_c) {
  return out_c >= LANES && LANES * group > out_c - LANES ? out_c - LANES : LANES * group;
}

// `rows` pixels by `vectors` groups of channels. Sums are made of two: shorter chains round less,
// which keeps networks with large logits within 1e-4 of the reference's probabilities.
INLINE TARGET void tile(const tile_args *t, int64_t first, const int rows, const int vectors) {
  VECTOR acc[12][3], half[12][3];
  int64_t start[3];
  UNROLL for (int v = 0; v < vectors; v++) {
    start[v] = group_start(t->group + v, t->out_c);
    UNROLL for (int r = 0; r < rows; r++) acc[r][v] = ZERO;
  }
  const float *run = t->a + first * t->a_step;
  const float *weights = t->weights;
  const int64_t k = t->runs * t->run, middle_run = k / 2 / t->run, middle = k / 2 % t->run;
  for (int64_t i = 0; i < t->runs; i++, run += t->run_step) {
    const float *a = run;
    int64_t j = 0;
    if (i == middle_run) {
      for (; j < middle; j++, a++, weights += LANES) {
        VECTOR w[3];
        UNROLL for (int v = 0; v < vectors; v++) w[v] = LOAD(weights + v * t->weights_step);
        UNROLL for (int r = 0; r < rows; r++) {
          const VECTOR x = SET1(a[r * t->a_step]);
          UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = MULTIPLY_ADD(x, w[v], acc[r][v]);
        }
      }
      UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
          half[r][v] = acc[r][v];
          acc[r][v] = ZERO;
        }
      }
    }
    for (; j < t->run; j++, a++, weights += LANES) {
      VECTOR w[3];
      UNROLL for (int v = 0; v < vectors; v++) w[v] = LOAD(weights + v * t->weights_step);
      UNROLL for (int r = 0; r < rows; r++) {
        const VECTOR x = SET1(a[r * t->a_step]);
        UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = MULTIPLY_ADD(x, w[v], acc[r][v]);
      }
    }
  }
  const VECTOR lo = SET1(t->lo), hi = SET1(t->hi);
  UNROLL for (int r = 0; r < rows; r++) {
    float *out = t->out + (first + r) * t->out_c;
    UNROLL for (int v = 0; v < vectors; v++) {
      VECTOR value = ADD(ADD(half[r][v], acc[r][v]), LOAD(t->bias + start[v]));
      value = MIN(MAX(value, lo), hi);
      if (t->out_c >= LANES) {
        STORE(out + start[v], value);
      } else {
        STORE_FIRST(out, value, t->out_c);
      }
    }
  }
}

#define PANELS(vectors, rows)                                                          \
  static TARGET void panels_##vectors(const tile_args *t, int64_t pixels) {            \
    int64_t i = 0;                                                                     \
    for (; i + rows <= pixels; i += rows) tile(t, i, rows, vectors);                   \
    if (i < pixels && pixels >= rows) {                                                \
      /* Some pixels a second time, with the same result. */                           \
      tile(t, pixels - rows, rows, vectors);                                           \
      return;                                                                          \
    }                                                                                  \
    for (; i < pixels; i++) tile(t, i, 1, vectors);                                    \
  }
PANELS(1, ROWS_1)
PANELS(2, ROWS_2)
#if ROWS_3 > 0
PANELS(3, ROWS_3)
#else
#define panels_3 panels_2
#endif

static TARGET void block(const fk_f32_conv *p, tile_args *t, int64_t first, int64_t pixels) {
  const int64_t groups = (t->out_c + LANES - 1) / LANES;
  t->out = p->output + first * t->out_c;
  for (int64_t group = 0; group < groups;) {
    const int64_t rest = groups - group;
    const int64_t vectors = rest >= 3 && rest != 4 && ROWS_3 > 0 ? 3 : rest >= 2 ? 2 : 1;
    t->group = group;
    t->weights = p->weights + group * t->weights_step;
    vectors == 3 ? panels_3(t, pixels) : vectors == 2 ? panels_2(t, pixels) : panels_1(t, pixels);
    group += vectors;
  }
}

// The rows that one output row's windows see, with their borders.
static void copy_rows(
    const fk_window *w, const float *input, int64_t row, int64_t run_step, float *to) {
  const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
  const int64_t row_size = (int64_t)w->in_w * w->in_c, left = (int64_t)w->pad_left * w->in_c;
  const int64_t inside = row_size < run_step - left ? row_size : run_step - left;
  for (int64_t ky = 0; ky < w->k_h; ky++, to += run_step) {
    const int64_t y = y0 + ky * w->dilation_h;
    if (y < 0 || y >= w->in_h) {
      memset(to, 0, sizeof(float) * (size_t)run_step);
      continue;
    }
    memset(to, 0, sizeof(float) * (size_t)left);
    memcpy(to + left, input + (n * w->in_h + y) * row_size, sizeof(float) * (size_t)inside);
    memset(to + left + inside, 0, sizeof(float) * (size_t)(run_step - left - inside));
  }
}

INLINE TARGET void convolution(const fk_f32_conv *p, int64_t begin, int64_t end, float *scratch) {
  const fk_window *w = &p->w;
  const int64_t run = (int64_t)w->k_w * w->in_c;
  tile_args t = {
      .runs = w->k_h, .run = run, .weights_step = LANES * run * w->k_h, .bias = p->bias,
      .out_c = w->out_c, .lo = p->lo, .hi = p->hi};
  if (fk_window_is_pointwise(w)) {
    const int64_t step = fk_block_pixels(run * (int64_t)sizeof(float), 12), last = end * w->out_w;
    t.a_step = run;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      t.a = p->input + i * run;
      block(p, &t, i, last - i < step ? last - i : step);
    }
    return;
  }
  t.run_step = ((int64_t)(w->out_w - 1) * w->stride_w + w->k_w) * w->in_c;
  t.a_step = (int64_t)w->stride_w * w->in_c;
  t.a = scratch;
  for (int64_t row = begin; row < end; row++) {
    copy_rows(w, p->input, row, t.run_step, scratch);
    block(p, &t, row * w->out_w, w->out_w);
  }
}

// One row of LANES channels of a 3x3 depthwise convolution.
typedef struct strip {
  const float *rows[3];
  int64_t steps[3];  // from pixel to pixel, 0 for a row outside the image
  int64_t in_w, out_w, stride, pad;
  const float *weights;  // [9][LANES]
  const float *bias, *zeros;
  float *out;
  int64_t out_step;
  float lo, hi;
} strip;

// One output; columns from `from` to `to` of the window are inside the image.
INLINE TARGET VECTOR depthwise_output(
    const strip *s, const VECTOR w[9], int64_t x, int64_t from, int64_t to) {
  VECTOR even = ZERO, odd = ZERO;
  UNROLL for (int r = 0; r < 3; r++) {
    const float *in = s->rows[r] + x * s->steps[r];
    UNROLL for (int c = 0; c < 3; c++) {
      if (c < from || c >= to) continue;
      const VECTOR value = LOAD(in + c * s->steps[r]);
      if ((3 * r + c) % 2 == 0) {
        even = MULTIPLY_ADD(value, w[3 * r + c], even);
      } else {
        odd = MULTIPLY_ADD(value, w[3 * r + c], odd);
      }
    }
  }
  return ADD(even, odd);
}

INLINE TARGET void depthwise_strip(const strip *given) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  VECTOR w[9];
  UNROLL for (int i = 0; i < 9; i++) w[i] = LOAD(s->weights + LANES * i);
  const VECTOR bias = LOAD(s->bias), lo = SET1(s->lo), hi = SET1(s->hi);
  for (int64_t ox = 0; ox < s->out_w; ox++) {
    const int64_t x = ox * s->stride - s->pad;
    VECTOR value;
    if (x >= 0 && x + 3 <= s->in_w) {
      value = depthwise_output(s, w, x, 0, 3);
    } else {
      const int64_t rest = s->in_w - x;
      value = depthwise_output(s, w, x, x < 0 ? -x : 0, rest < 3 ? rest : 3);
    }
    value = MIN(MAX(ADD(value, bias), lo), hi);
    if (s->out_step >= LANES) {
      STORE(s->out + ox * s->out_step, value);
    } else {
      STORE_FIRST(s->out + ox * s->out_step, value, s->out_step);
    }
  }
}

INLINE TARGET void depthwise(const fk_f32_depthwise *p, int64_t begin, int64_t end) {
  const fk_window *w = &p->w;
  const int64_t channels = w->in_c, row_size = (int64_t)w->in_w * channels;
  strip s = {
      .in_w = w->in_w, .out_w = w->out_w, .stride = w->stride_w, .pad = w->pad_left,
      .zeros = p->zeros, .out_step = channels, .lo = p->lo, .hi = p->hi};
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    for (int64_t group = 0; LANES * group < channels; group++) {
      const int64_t c = group_start(group, channels);
      for (int r = 0; r < 3; r++) {
        const int64_t y = y0 + r;
        const int is_inside = y >= 0 && y < w->in_h;
        s.rows[r] = is_inside ? p->input + (n * w->in_h + y) * row_size + c : p->zeros;
        s.steps[r] = is_inside ? channels : 0;
      }
      s.weights = p->weights + group * 9 * LANES;
      s.bias = p->bias + c;
      s.out = p->output + row * w->out_w * channels + c;
      depthwise_strip(&s);
    }
  }
}
