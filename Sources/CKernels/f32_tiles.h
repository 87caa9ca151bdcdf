// Float convolutions in tiles that stay in registers, for vectors of any width. Whoever includes this
// defines the vector: LANES, VECTOR, LOAD, STORE, STORE_FIRST, SET1, ADD, MULTIPLY_ADD, MIN, MAX, ZERO,
// TARGET, KEEPS_COLUMNS where registers hold a depthwise window and its weights, and the largest tile: ROWS_1, ROWS_2 and ROWS_3 pixels by one to three vectors of channels, 0
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

// `rows` pixels by `vectors` groups of channels. Products are added in the reference's order, and the
// bias last: that keeps networks with large logits within 1e-4 of its probabilities.
INLINE TARGET void tile(const tile_args *given, int64_t first, const int rows, const int vectors) {
  // A copy, which what is written cannot change, stays in registers.
  const tile_args local = *given, *t = &local;
  VECTOR acc[12][3];
  int64_t start[3];
  UNROLL for (int v = 0; v < vectors; v++) {
    start[v] = group_start(t->group + v, t->out_c);
    UNROLL for (int r = 0; r < rows; r++) acc[r][v] = ZERO;
  }
  const float *run = t->a + first * t->a_step, *weights = t->weights;
  for (int64_t i = 0; i < t->runs; i++, run += t->run_step) {
    const float *a = run;
    for (int64_t j = 0; j < t->run; j++, a++, weights += LANES) {
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
      const VECTOR value = MIN(MAX(ADD(acc[r][v], LOAD(t->bias + start[v])), lo), hi);
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

// Copies what the windows of `pixels` of an output row see, from its pixel `first` on, with borders.
static void copy_rows(
    const fk_window *w, const float *input, int64_t row, int64_t first, int64_t pixels, float *to) {
  const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
  const int64_t x0 = first * w->stride_w - w->pad_left;
  const int64_t x1 = x0 + (pixels - 1) * w->stride_w + w->k_w;
  const int64_t run_step = (x1 - x0) * w->in_c;
  const int64_t left = x0 < 0 ? 0 : x0 > w->in_w ? w->in_w : x0;
  const int64_t right = x1 > w->in_w ? w->in_w : x1 < left ? left : x1;
  const int64_t before = (left - x0) * w->in_c, inside = (right - left) * w->in_c;
  for (int64_t ky = 0; ky < w->k_h; ky++, to += run_step) {
    const int64_t y = y0 + ky * w->dilation_h;
    if (y < 0 || y >= w->in_h || inside == 0) {
      memset(to, 0, sizeof(float) * (size_t)run_step);
      continue;
    }
    const float *from = input + ((n * w->in_h + y) * w->in_w + left) * w->in_c;
    memset(to, 0, sizeof(float) * (size_t)before);
    memcpy(to + before, from, sizeof(float) * (size_t)inside);
    memset(to + before + inside, 0, sizeof(float) * (size_t)(run_step - before - inside));
  }
}

// Pixels `from ..< to` of an output row, by way of a copy of what they see.
static TARGET void bordered(
    const fk_f32_conv *p, tile_args *t, int64_t row, int64_t from, int64_t to, float *scratch) {
  if (from >= to) return;
  copy_rows(&p->w, p->input, row, from, to - from, scratch);
  t->run_step = ((to - from - 1) * p->w.stride_w + p->w.k_w) * p->w.in_c;
  t->a = scratch;
  block(p, t, row * p->w.out_w + from, to - from);
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
  t.a_step = (int64_t)w->stride_w * w->in_c;
  // Pixels whose windows are inside the image, from side to side.
  const int64_t start = (w->pad_left + w->stride_w - 1) / w->stride_w;
  const int64_t room = (int64_t)w->in_w + w->pad_left - w->k_w;
  const int64_t behind = room < 0 ? 0 : room / w->stride_w + 1;
  const int64_t stop = behind < w->out_w ? behind : w->out_w;
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, y = row % w->out_h * w->stride_h - w->pad_top;
    const int is_inside = y >= 0 && y + (int64_t)(w->k_h - 1) * w->dilation_h < w->in_h;
    const int64_t from = is_inside && start < stop ? start : w->out_w;
    const int64_t to = is_inside && start < stop ? stop : w->out_w;
    bordered(p, &t, row, 0, from, scratch);
    if (from < to) {
      t.run_step = (int64_t)w->dilation_h * w->in_w * w->in_c;
      t.a = p->input + ((n * w->in_h + y) * w->in_w + from * w->stride_w - w->pad_left) * w->in_c;
      block(p, &t, row * w->out_w + from, to - from);
    }
    bordered(p, &t, row, to, w->out_w, scratch);
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

// The bias and nine values of a window times its weights, in two chains that round less than one.
INLINE TARGET VECTOR depthwise_sum(
    const VECTOR left[3], const VECTOR middle[3], const VECTOR right[3], const VECTOR w[9],
    VECTOR bias) {
  VECTOR even = bias, odd = ZERO;
  UNROLL for (int r = 0; r < 3; r++) {
    const VECTOR row[3] = {left[r], middle[r], right[r]};
    UNROLL for (int c = 0; c < 3; c++) {
      if ((3 * r + c) % 2 == 0) {
        even = MULTIPLY_ADD(row[c], w[3 * r + c], even);
      } else {
        odd = MULTIPLY_ADD(row[c], w[3 * r + c], odd);
      }
    }
  }
  return ADD(even, odd);
}

// Column `x` of the three rows; zeros outside the image.
INLINE TARGET void depthwise_column(const strip *s, int64_t x, VECTOR column[3]) {
  UNROLL for (int r = 0; r < 3; r++) {
    column[r] = x >= 0 && x < s->in_w ? LOAD(s->rows[r] + x * s->steps[r]) : ZERO;
  }
}

INLINE TARGET void depthwise_store(const strip *s, int64_t ox, VECTOR sum, VECTOR lo, VECTOR hi) {
  const VECTOR value = MIN(MAX(sum, lo), hi);
  if (s->out_step >= LANES) {
    STORE(s->out + ox * s->out_step, value);
  } else {
    STORE_FIRST(s->out + ox * s->out_step, value, s->out_step);
  }
}

INLINE TARGET void depthwise_strip(const strip *given) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  VECTOR w[9];
  UNROLL for (int i = 0; i < 9; i++) w[i] = LOAD(s->weights + LANES * i);
  const VECTOR bias = LOAD(s->bias), lo = SET1(s->lo), hi = SET1(s->hi);
  // Outputs whose windows are inside the image.
  const int64_t first = (s->pad + s->stride - 1) / s->stride;
  const int64_t behind = s->in_w + s->pad >= 3 ? (s->in_w + s->pad - 3) / s->stride + 1 : 0;
  const int64_t end = behind < s->out_w ? behind : s->out_w;
  int64_t ox = 0;
  VECTOR a[3], b[3], c[3];
  while (ox < s->out_w) {
    const int64_t x = ox * s->stride - s->pad;
    if (ox < first || ox >= end) {
      depthwise_column(s, x, a);
      depthwise_column(s, x + 1, b);
      depthwise_column(s, x + 2, c);
      depthwise_store(s, ox++, depthwise_sum(a, b, c, w, bias), lo, hi);
      continue;
    }
    const float *in[3];
    UNROLL for (int r = 0; r < 3; r++) in[r] = s->rows[r] + x * s->steps[r];
#if KEEPS_COLUMNS
    // A column is read once for the windows that it is in.
    if (s->stride == 1) {
      UNROLL for (int r = 0; r < 3; r++) {
        a[r] = LOAD(in[r]);
        b[r] = LOAD(in[r] + s->steps[r]);
        in[r] += 2 * s->steps[r];
      }
      for (; ox + 3 <= end; ox += 3) {
#define NEXT(column)                                  \
  UNROLL for (int r = 0; r < 3; r++) {                \
    column[r] = LOAD(in[r]);                          \
    in[r] += s->steps[r];                             \
  }
        NEXT(c)
        depthwise_store(s, ox, depthwise_sum(a, b, c, w, bias), lo, hi);
        NEXT(a)
        depthwise_store(s, ox + 1, depthwise_sum(b, c, a, w, bias), lo, hi);
        NEXT(b)
        depthwise_store(s, ox + 2, depthwise_sum(c, a, b, w, bias), lo, hi);
#undef NEXT
      }
      UNROLL for (int r = 0; r < 3; r++) in[r] -= 2 * s->steps[r];
    }
#endif
#if KEEPS_COLUMNS
    if (s->stride == 2 && ox < end) {
      UNROLL for (int r = 0; r < 3; r++) a[r] = LOAD(in[r]);
      for (; ox + 2 <= end; ox += 2) {
#define NEXT(left, right)                             \
  UNROLL for (int r = 0; r < 3; r++) {                \
    b[r] = LOAD(in[r] + s->steps[r]);                 \
    right[r] = LOAD(in[r] + 2 * s->steps[r]);         \
    in[r] += 2 * s->steps[r];                         \
  }
        NEXT(a, c)
        depthwise_store(s, ox, depthwise_sum(a, b, c, w, bias), lo, hi);
        NEXT(c, a)
        depthwise_store(s, ox + 1, depthwise_sum(c, b, a, w, bias), lo, hi);
#undef NEXT
      }
    }
#endif
    for (; ox < end; ox++) {
      UNROLL for (int r = 0; r < 3; r++) {
        a[r] = LOAD(in[r]);
        b[r] = LOAD(in[r] + s->steps[r]);
        c[r] = LOAD(in[r] + 2 * s->steps[r]);
        in[r] += s->stride * s->steps[r];
      }
      depthwise_store(s, ox, depthwise_sum(a, b, c, w, bias), lo, hi);
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
