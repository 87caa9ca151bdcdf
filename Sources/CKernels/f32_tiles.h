// Float convolutions in tiles that stay in registers, for vectors of any width. Whoever includes this
// defines the vector: LANES, VECTOR, LOAD, STORE, STORE_FIRST, SET1, ADD, MULTIPLY, MULTIPLY_ADD, MIN,
// MAX, ZERO, TARGET; BIAS(b) and LIMIT(v, lo, hi), which read their operands where nine weights and six
// inputs fill the registers; and the largest tile: ROWS_1, ROWS_2 and ROWS_3 pixels by one to three
// vectors of channels, 0 where three are too many.
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

// A 3x3 depthwise convolution of LANES channels.
typedef struct depthwise_group {
  int64_t in_w, out_w, stride, pad, channels;
  const float *weights;  // [9][LANES]
  VECTOR bias, lo, hi;
} depthwise_group;

// Column `x` of three rows; zeros outside the image. Steps from pixel to pixel are 0 for a row outside.
INLINE TARGET void depthwise_column(
    const depthwise_group *g, const float *const rows[3], const int64_t steps[3], int64_t x,
    VECTOR column[3]) {
  UNROLL for (int r = 0; r < 3; r++) {
    column[r] = x >= 0 && x < g->in_w ? LOAD(rows[r] + x * steps[r]) : ZERO;
  }
}

// The bias and nine products, in two chains, which round less than one. `right` points to a column that
// is read into the place of `left`: nine weights and six inputs fill sixteen registers.
INLINE TARGET VECTOR depthwise_sum(
    const depthwise_group *g, const VECTOR w[9], VECTOR left[3], const VECTOR middle[3],
    const float *const right[3]) {
  VECTOR even = BIAS(g->bias), odd;
  even = MULTIPLY_ADD(left[0], w[0], even);
  left[0] = LOAD(right[0]);
  odd = MULTIPLY(middle[0], w[1]);
  even = MULTIPLY_ADD(left[0], w[2], even);
  odd = MULTIPLY_ADD(left[1], w[3], odd);
  left[1] = LOAD(right[1]);
  even = MULTIPLY_ADD(middle[1], w[4], even);
  odd = MULTIPLY_ADD(left[1], w[5], odd);
  even = MULTIPLY_ADD(left[2], w[6], even);
  left[2] = LOAD(right[2]);
  odd = MULTIPLY_ADD(middle[2], w[7], odd);
  even = MULTIPLY_ADD(left[2], w[8], even);
  return ADD(even, odd);
}

INLINE TARGET void depthwise_store(const depthwise_group *g, float *out, VECTOR sum) {
  const VECTOR value = LIMIT(sum, g->lo, g->hi);
  if (g->channels >= LANES) {
    STORE(out, value);
  } else {
    STORE_FIRST(out, value, g->channels);
  }
}

// One output row.
INLINE TARGET void depthwise_row(
    const depthwise_group *g, const float *const rows[3], int64_t step0, int64_t step1,
    int64_t step2, float *out) {
  const int64_t stride = g->stride, channels = g->channels, steps[3] = {step0, step1, step2};
  const float *p = rows[0] - g->pad * step0, *q = rows[1] - g->pad * step1,
              *r = rows[2] - g->pad * step2;
  VECTOR a[3], b[3], w[9];
  UNROLL for (int i = 0; i < 9; i++) w[i] = LOAD(g->weights + LANES * i);
  // Outputs whose last column is inside the image, and the one before it unless for the first; others
  // follow them.
  const int64_t room = g->in_w - 3 + g->pad;
  int64_t inside = stride > 2 || g->pad + stride > 3 || room < 0 ? 0 : room / stride + 1;
  inside = inside < g->out_w ? inside : g->out_w;
  int64_t x = inside * stride - g->pad;
  const int64_t rest = g->out_w - inside;
#define OUTPUT(left, middle, column)                                                            \
  {                                                                                             \
    const float *const right[3] = {p + column * step0, q + column * step1, r + column * step2}; \
    depthwise_store(g, out, depthwise_sum(g, w, left, middle, right));                             \
    out += channels;                                                                            \
  }
#define ADVANCE         \
  p += 2 * step0;       \
  q += 2 * step1;       \
  r += 2 * step2;
  if (inside > 0) depthwise_column(g, rows, steps, -g->pad, a);
  if (stride == 1 && inside > 0) {
    depthwise_column(g, rows, steps, 1 - g->pad, b);
    for (; inside >= 2; inside -= 2) {
      OUTPUT(a, b, 2)
      OUTPUT(b, a, 3)
      ADVANCE
    }
    if (inside > 0) OUTPUT(a, b, 2)
  } else {
    for (; inside > 0; inside--) {
      b[0] = LOAD(p + step0);
      b[1] = LOAD(q + step1);
      b[2] = LOAD(r + step2);
      OUTPUT(a, b, 2)
      ADVANCE
    }
  }
#undef OUTPUT
#undef ADVANCE
  for (int64_t i = 0; i < rest; i++, x += stride, out += channels) {
    VECTOR sum = BIAS(g->bias);
    for (int c = 0; c < 3; c++) {
      depthwise_column(g, rows, steps, x + c, a);
      UNROLL for (int k = 0; k < 3; k++) {
        sum = MULTIPLY_ADD(a[k], LOAD(g->weights + (3 * k + c) * LANES), sum);
      }
    }
    depthwise_store(g, out, sum);
  }
}

INLINE TARGET void depthwise(const fk_f32_depthwise *p, int64_t begin, int64_t end) {
  const fk_window *w = &p->w;
  const int64_t channels = w->in_c, row_size = (int64_t)w->in_w * channels;
  // What rows read for a block of outputs, 64 bytes of each pixel, stays in the first-level cache.
  const int64_t room = 24576 / (64 * (int64_t)w->in_w) - 2;
  const int64_t block = room > w->stride_h ? room / w->stride_h : 1;
  depthwise_group g = {
      .in_w = w->in_w, .out_w = w->out_w, .stride = w->stride_w, .pad = w->pad_left,
      .channels = channels, .lo = SET1(p->lo), .hi = SET1(p->hi)};
  for (int64_t first = begin; first < end; first += block) {
    const int64_t last = first + block < end ? first + block : end;
    for (int64_t group = 0; LANES * group < channels; group++) {
      const int64_t c = group_start(group, channels);
      g.weights = p->weights + group * 9 * LANES;
      g.bias = LOAD(p->bias + c);
      for (int64_t row = first; row < last; row++) {
        const int64_t n = row / w->out_h, y = row % w->out_h * w->stride_h - w->pad_top;
        const float *rows[3];
        int is_inside[3];
        for (int r = 0; r < 3; r++) {
          is_inside[r] = y + r >= 0 && y + r < w->in_h;
          rows[r] = is_inside[r] ? p->input + (n * w->in_h + y + r) * row_size + c : p->zeros;
        }
        float *out = p->output + row * w->out_w * channels + c;
        if (is_inside[0] && is_inside[1] && is_inside[2]) {
          // One step for all three leaves registers free.
          depthwise_row(&g, rows, channels, channels, channels, out);
        } else {
          depthwise_row(
              &g, rows, is_inside[0] ? channels : 0, is_inside[1] ? channels : 0,
              is_inside[2] ? channels : 0, out);
        }
      }
    }
  }
}
