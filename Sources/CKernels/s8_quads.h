// Quantised convolutions whose instructions multiply four bytes by four and add the products to 32 bits,
// for vectors of eight or four lanes. Weights are packed for kr 4. Whoever includes this has defined
//   LANES, VECTOR (lanes of 32 bits), BYTES (16 of them), TARGET
//   INPUT_OFFSET     what is added to inputs: 128 where instructions want them unsigned, otherwise 0
//   USES_REQUANT     1 where sums end by way of fk_requant, 0 where any factor has its own instructions
//   load(p), splat(x), add(a, b), dot(sum, inputs, weights), store_sums(p, v), splat_bytes(x)
//   factors, FACTORS(ends, v), scale(sum, factors, mode)   of the lanes of vector v of a group
//   limits, limits_of, to_bytes(vectors, limits, bytes)   32 lanes, in order, within the limits
//   store_16(out, bytes), store_8(out, bytes, half)
//   store_real(general, sums, channel, out, n)   floats of LANES channels, of which n are stored
//   sum_of(bytes, n)   of inputs to which INPUT_OFFSET was added
//   interleave(a, b, c, flip, vectors, column)   byte 4i + r of `column` is byte i of row r
//
// Groups are of 16 channels, the last may be half a group, and groups may overlap: what is computed
// twice is the same. With fewer channels than a group, what is written of the next pixel is
// overwritten later.
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// Pixels by a whole or half group: 16 registers are full with 12 sums of eight lanes, 32 with 24 of four.
#define ROWS_16 6
#define ROWS_8 12

// What becomes of a group's sums.
typedef struct ends {
  const int32_t *bias;
  const fk_requant *requant;
  const fk_general *general;
  int64_t channel;
  limits limits;
} ends;

INLINE void set_group(
    ends *e, int64_t group, int64_t channel, const fk_requant *requant, const int32_t *bias) {
  e->channel = channel;
  e->requant = requant ? requant + group : NULL;
  e->bias = USES_REQUANT && requant ? e->requant->bias : bias + channel;
}

typedef struct tile_args {
  // Inputs of the first pixel: `runs` of them, one every `run_step`, each of `quads` times 4 bytes.
  const uint8_t *a;
  int64_t a_step;  // from pixel to pixel
  int64_t runs, run_step, quads;
  const int32_t *row_sums;  // of each pixel, to be added to its accumulators; or null
  const int8_t *weights;    // of the group
  ends ends;
  int64_t out_c;
  uint8_t *out;        // of the first pixel, and the group's first channel
  const uint8_t *end;  // behind the last byte that this call may write
} tile_args;

// Stores 16 channels, or fewer where there are no more.
INLINE TARGET void put_16(uint8_t *out, BYTES bytes, int64_t out_c, const uint8_t *end) {
  if (out + 16 <= end) {
    store_16(out, bytes);
    return;
  }
  uint8_t whole[16];
  store_16(whole, bytes);
  memcpy(out, whole, (size_t)(out_c < 16 ? out_c : 16));
}

INLINE TARGET void put_8(
    uint8_t *out, BYTES bytes, const int half, int64_t out_c, const uint8_t *end) {
  if (out + 8 <= end) {
    store_8(out, bytes, half);
    return;
  }
  uint8_t whole[16];
  store_16(whole, bytes);
  memcpy(out, whole + 8 * half, (size_t)(out_c < 8 ? out_c : 8));
}

// Ends sums of `channels` channels as floats or by fk_finish_general; results from `first` on.
INLINE TARGET void put_general(
    const ends *e, const VECTOR *sums, const int channels, uint8_t *out, int64_t first, int64_t out_c,
    const int mode) {
  const int64_t n = out_c < channels ? out_c : channels;
  if (mode == HYBRID) {
    UNROLL for (int v = 0; v < channels / LANES; v++) {
      store_real(
          e->general, sums[v], e->channel + LANES * v, (float *)out + first + LANES * v, n - LANES * v);
    }
    return;
  }
  int32_t whole[16];
  UNROLL for (int v = 0; v < channels / LANES; v++) store_sums(whole + LANES * v, sums[v]);
  fk_finish_general(e->general, whole, n, e->channel, out, first);
}

// `rows` pixels by a group of 16 or 8 channels.
INLINE TARGET void tile(
    const tile_args *given, int64_t first, const int rows, const int channels, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const tile_args local = *given, *t = &local;
  const int vectors = channels / LANES;
  VECTOR acc[ROWS_8][16 / LANES];
  UNROLL for (int v = 0; v < vectors; v++) {
    const VECTOR bias = load(t->ends.bias + LANES * v);
    UNROLL for (int r = 0; r < rows; r++) acc[r][v] = bias;
  }
  if (t->row_sums) {
    UNROLL for (int r = 0; r < rows; r++) {
      const VECTOR sum = splat(t->row_sums[first + r]);
      UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = add(acc[r][v], sum);
    }
  }
  const uint8_t *run = t->a + first * t->a_step;
  const int8_t *weights = t->weights;
  for (int64_t i = 0; i < t->runs; i++, run += t->run_step) {
    const uint8_t *a = run;
    for (int64_t j = 0; j < t->quads; j++, a += 4, weights += 64) {
      VECTOR w[16 / LANES];
      UNROLL for (int v = 0; v < vectors; v++) w[v] = load(weights + 4 * LANES * v);
      UNROLL for (int r = 0; r < rows; r++) {
        int32_t quad;
        memcpy(&quad, a + r * t->a_step, sizeof quad);
        const VECTOR x = splat(quad);
        UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = dot(acc[r][v], x, w[v]);
      }
    }
  }
  const int64_t ldc = t->out_c;
  if (mode >= GENERAL) {
    // Unrolled, as sums would lie in memory if their places were not known.
    UNROLL for (int r = 0; r < rows; r++) {
      put_general(&t->ends, acc[r], channels, t->out, (first + r) * ldc, ldc, mode);
    }
    return;
  }
  factors f[16 / LANES];
  UNROLL for (int v = 0; v < vectors; v++) f[v] = FACTORS(&t->ends, v);
  uint8_t *out = t->out + first * ldc;
  // Pixel by pixel in order, as each may write into the next.
  const int pixels = 32 / channels;
  UNROLL for (int r = 0; r < rows; r += pixels) {
    VECTOR scaled[32 / LANES];
    BYTES bytes[2];
    UNROLL for (int i = 0; i < 32 / LANES; i++) {
      const int at = r + i / vectors < rows ? r + i / vectors : rows - 1;
      scaled[i] = scale(acc[at][i % vectors], &f[i % vectors], mode);
    }
    to_bytes(scaled, &t->ends.limits, bytes);
    UNROLL for (int i = 0; i < pixels; i++) {
      if (r + i >= rows) continue;
      if (channels == 16) {
        put_16(out + (r + i) * ldc, bytes[i % 2], ldc, t->end);
      } else {
        put_8(out + (r + i) * ldc, bytes[i / 2 % 2], i % 2, ldc, t->end);
      }
    }
  }
}

#define PANELS(name, mode)                                                \
  static TARGET void name##_16(const tile_args *t, int64_t pixels) {      \
    int64_t i = 0;                                                        \
    for (; i + ROWS_16 <= pixels; i += ROWS_16) tile(t, i, ROWS_16, 16, mode); \
    if (i < pixels && pixels >= ROWS_16) {                                \
      /* Some pixels a second time, with the same result. */              \
      tile(t, pixels - ROWS_16, ROWS_16, 16, mode);                       \
      return;                                                             \
    }                                                                     \
    for (; i < pixels; i++) tile(t, i, 1, 16, mode);                      \
  }                                                                       \
  static TARGET void name##_8(const tile_args *t, int64_t pixels) {       \
    int64_t i = 0;                                                        \
    for (; i + ROWS_8 <= pixels; i += ROWS_8) tile(t, i, ROWS_8, 8, mode); \
    if (i < pixels && pixels >= ROWS_8) {                                 \
      tile(t, pixels - ROWS_8, ROWS_8, 8, mode);                          \
      return;                                                             \
    }                                                                     \
    for (; i + 4 <= pixels; i += 4) tile(t, i, 4, 8, mode);               \
    for (; i < pixels; i++) tile(t, i, 1, 8, mode);                       \
  }
PANELS(clamped, CLAMPED)
PANELS(signed, SIGNED)
PANELS(left, LEFT)
#if USES_REQUANT
PANELS(general, GENERAL)
#else
#define general_16 left_16
#define general_8 left_8
#endif
PANELS(hybrid, HYBRID)

// For each pixel minus the weights' zero point times the sum of its inputs.
static TARGET void sum_rows(
    const tile_args *t, int64_t pixels, int64_t run, int32_t weight_zero, int32_t *sums) {
  for (int64_t r = 0; r < pixels; r++) {
    uint32_t sum = 0;
    for (int64_t i = 0; i < t->runs; i++) sum += sum_of(t->a + r * t->a_step + i * t->run_step, run);
    sums[r] = (int32_t)(0 - (uint32_t)weight_zero * sum);
  }
}

static TARGET void block(
    const fk_s8_conv *p, tile_args *t, int64_t first_output, int64_t pixels, int32_t *sums) {
  const int64_t out_c = p->w.out_c;
  t->row_sums = NULL;
  if (p->weight_zero != 0) {
    sum_rows(t, pixels, (int64_t)p->w.k_w * p->w.in_c, p->weight_zero, sums);
    t->row_sums = sums;
  }
  static void (*const panels[5][2])(const tile_args *, int64_t) = {
      {clamped_8, clamped_16}, {signed_8, signed_16}, {left_8, left_16}, {general_8, general_16},
      {hybrid_8, hybrid_16}};
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
  for (int64_t group = 0; 16 * group < out_c; group++) {
    const int64_t channel = fk_group_start(group, out_c), at = first_output * out_c + channel;
    t->weights = (const int8_t *)p->weights + group * 64 * t->quads * t->runs;
    t->out = p->hybrid ? (uint8_t *)(p->hybrid->output + at) : p->output + at;
    set_group(&t->ends, group, channel, p->requant, p->bias);
    panels[mode][!fk_group_is_half(group, out_c)](t, pixels);
  }
}

INLINE TARGET void flip_bytes(
    uint8_t *restrict to, const uint8_t *restrict from, int64_t n, uint8_t flip) {
  for (int64_t i = 0; i < n; i++) to[i] = from[i] ^ flip;
}

// The rows that one output row's windows see, with their borders.
static TARGET void copy_rows(
    const fk_window *w, const uint8_t *input, uint8_t zero, uint8_t flip, int64_t row, int64_t run_step,
    uint8_t *to) {
  const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
  const int64_t row_bytes = (int64_t)w->in_w * w->in_c, left = (int64_t)w->pad_left * w->in_c;
  const int64_t inside = row_bytes < run_step - left ? row_bytes : run_step - left;
  const int border = zero ^ flip;
  for (int64_t ky = 0; ky < w->k_h; ky++, to += run_step) {
    const int64_t y = y0 + ky * w->dilation_h;
    if (y < 0 || y >= w->in_h || inside <= 0) {
      memset(to, border, (size_t)run_step);
      continue;
    }
    memset(to, border, (size_t)left);
    flip_bytes(to + left, input + (n * w->in_h + y) * row_bytes, inside, flip);
    memset(to + left + inside, border, (size_t)(run_step - left - inside));
  }
}

INLINE TARGET void convolution(const fk_s8_conv *p, int64_t begin, int64_t end, uint8_t *scratch) {
  const fk_window *w = &p->w;
  const int64_t run = (int64_t)w->k_w * w->in_c;
  const uint8_t flip = p->flip ^ INPUT_OFFSET;
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  tile_args t = {
      .quads = (run + 3) / 4, .runs = w->k_h, .out_c = w->out_c,
      .end = p->hybrid ? NULL : p->output + end * w->out_w * w->out_c,
      .ends = {.general = &general, .limits = limits_of(p->lo, p->hi, p->flip)}};
  if (fk_window_is_pointwise(w) && !p->hybrid) {
    const int64_t step = fk_block_pixels(run, ROWS_16), last = end * w->out_w;
    int32_t *sums = (int32_t *)(scratch + (step * run + 127) / 64 * 64);
    t.a_step = run;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      const int64_t pixels = last - i < step ? last - i : step;
      t.a = p->input + i * run;
      if (flip) {
        flip_bytes(scratch, t.a, pixels * run, flip);
        t.a = scratch;
      }
      block(p, &t, i, pixels, sums);
    }
    return;
  }
  // Up to the last column that a window reaches.
  t.run_step = ((int64_t)(w->out_w - 1) * w->stride_w + w->k_w) * w->in_c;
  t.a_step = (int64_t)w->stride_w * w->in_c;
  t.a = scratch;
  int32_t *sums = (int32_t *)(scratch + (t.run_step * w->k_h + 127) / 64 * 64);
  for (int64_t row = begin; row < end; row++) {
    uint8_t zero = p->in_zero;
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + row / w->out_h;
      general.dynamic_zero = dynamic->zero + INPUT_OFFSET;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    copy_rows(w, p->input, zero, flip, row, t.run_step, scratch);
    block(p, &t, row * w->out_w, w->out_w, sums);
  }
}

// A 3x3 depthwise convolution of one group: the three rows of a column side by side are a channel's quad.
typedef struct strip {
  const uint8_t *rows[3];
  int64_t steps[3];  // bytes from pixel to pixel, 0 for a row outside the image
  int64_t in_w, out_w, stride, pad;
  const int8_t *weights;  // [two halves][column][16][row]
  ends ends;
  uint8_t *out;
  const uint8_t *end;
  int64_t out_c;
  BYTES flip;
  VECTOR outside;
} strip;

typedef struct sums {
  VECTOR v[16 / LANES];
} sums;

INLINE TARGET sums column_at(const strip *s, int64_t x, const int vectors) {
  sums column;
  if (x < 0 || x >= s->in_w) {
    UNROLL for (int v = 0; v < vectors; v++) column.v[v] = s->outside;
    return column;
  }
  interleave(
      s->rows[0] + x * s->steps[0], s->rows[1] + x * s->steps[1], s->rows[2] + x * s->steps[2],
      s->flip, vectors, column.v);
  return column;
}

// `to` and a column's products with the weights of the window's column `i`.
INLINE TARGET sums multiply_add(
    sums to, sums x, const strip *s, const int i, const int vectors, const int is_wide) {
  UNROLL for (int v = 0; v < vectors; v++) {
    to.v[v] = dot(to.v[v], x.v[v], load(s->weights + 64 * i + 4 * LANES * v));
    if (is_wide) to.v[v] = dot(to.v[v], x.v[v], load(s->weights + 192 + 64 * i + 4 * LANES * v));
  }
  return to;
}

INLINE TARGET void put(
    const strip *s, int64_t ox, sums sum, const factors *f, const int channels, const int mode) {
  if (mode >= GENERAL) {
    put_general(&s->ends, sum.v, channels, s->out, ox * s->out_c, s->out_c, mode);
    return;
  }
  const int vectors = channels / LANES;
  VECTOR scaled[32 / LANES];
  BYTES bytes[2];
  UNROLL for (int i = 0; i < 32 / LANES; i++) {
    scaled[i] = i < vectors ? scale(sum.v[i % vectors], &f[i % vectors], mode) : scaled[i % vectors];
  }
  to_bytes(scaled, &s->ends.limits, bytes);
  if (channels == 16) {
    put_16(s->out + ox * s->out_c, bytes[0], s->out_c, s->end);
  } else {
    put_8(s->out + ox * s->out_c, bytes[0], 0, s->out_c, s->end);
  }
}

// Each column is read once and added to the windows that it is in, whose sums take fewer registers than
// columns would.
INLINE TARGET void row_of_channels(
    const strip *given, const int channels, const int is_wide, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  const int vectors = channels / LANES;
  sums bias;
  factors f[16 / LANES];
  UNROLL for (int v = 0; v < vectors; v++) {
    bias.v[v] = load(s->ends.bias + LANES * v);
    if (mode < GENERAL) f[v] = FACTORS(&s->ends, v);
  }
#define COLUMN(x) column_at(s, x, vectors)
#define ADD(to, column, i) multiply_add(to, column, s, i, vectors, is_wide)
  int64_t x = -s->pad;
  sums next = ADD(bias, COLUMN(x), 0);
  if (s->stride == 1) {
    sums c = COLUMN(x + 1);
    sums last = ADD(bias, c, 0);
    next = ADD(next, c, 1);
    for (int64_t ox = 0; ox < s->out_w; ox++) {
      c = COLUMN(++x + 1);
      put(s, ox, ADD(next, c, 2), f, channels, mode);
      next = ADD(last, c, 1);
      last = ADD(bias, c, 0);
    }
    return;
  }
  for (int64_t ox = 0; ox < s->out_w; ox++) {
    next = ADD(next, COLUMN(x + 1), 1);
    const sums c = COLUMN(x + 2);
    put(s, ox, ADD(next, c, 2), f, channels, mode);
    x += s->stride;
    next = ADD(bias, s->stride == 2 ? c : COLUMN(x), 0);
  }
#undef COLUMN
#undef ADD
}

#define STRIPS(name, mode)                                                               \
  static TARGET void name##_strip(const strip *s) { row_of_channels(s, 16, 0, mode); }   \
  static TARGET void name##_wide(const strip *s) { row_of_channels(s, 16, 1, mode); }    \
  static TARGET void name##_half(const strip *s) { row_of_channels(s, 8, 0, mode); }     \
  static TARGET void name##_half_wide(const strip *s) { row_of_channels(s, 8, 1, mode); }
STRIPS(clamped, CLAMPED)
STRIPS(signed, SIGNED)
STRIPS(left, LEFT)
#if USES_REQUANT
STRIPS(general, GENERAL)
#else
#define general_strip left_strip
#define general_wide left_wide
#define general_half left_half
#define general_half_wide left_half_wide
#endif
STRIPS(hybrid, HYBRID)

INLINE TARGET void depthwise(const fk_s8_depthwise *p, int64_t begin, int64_t end) {
  const fk_window *w = &p->w;
  const int64_t channels = w->in_c, row_bytes = (int64_t)w->in_w * channels;
  const uint8_t flip = p->flip ^ INPUT_OFFSET;
#define ALL(name) {name##_strip, name##_wide, name##_half, name##_half_wide}
  static void (*const strips[5][4])(const strip *) = {
      ALL(clamped), ALL(signed), ALL(left), ALL(general), ALL(hybrid)};
#undef ALL
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  strip s = {
      .in_w = w->in_w, .out_w = w->out_w, .stride = w->stride_w, .pad = w->pad_left,
      .out_c = channels, .flip = splat_bytes(flip),
      .end = p->hybrid ? NULL : p->output + end * w->out_w * channels,
      .ends = {.general = &general, .limits = limits_of(p->lo, p->hi, p->flip)}};
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    uint8_t zero = p->zeros[0], zeros[16];
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + n;
      general.dynamic_zero = dynamic->zero + INPUT_OFFSET;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    memset(zeros, zero, sizeof zeros);
    s.outside = splat((int32_t)(0x01010101u * (uint32_t)(zero ^ flip)));
    for (int64_t group = 0; 16 * group < channels; group++) {
      const int64_t c = fk_group_start(group, channels);
      for (int r = 0; r < 3; r++) {
        const int64_t y = y0 + r;
        const int is_inside = y >= 0 && y < w->in_h;
        s.rows[r] = is_inside ? p->input + (n * w->in_h + y) * row_bytes + c : zeros;
        s.steps[r] = is_inside ? channels : 0;
      }
      s.weights = (const int8_t *)p->weights + group * 384;
      set_group(&s.ends, group, c, p->requant, p->bias);
      const int64_t first = row * w->out_w * channels + c;
      s.out = p->hybrid ? (uint8_t *)(p->hybrid->output + first) : p->output + first;
      strips[mode][p->is_wide + (fk_group_is_half(group, channels) ? 2 : 0)](&s);
    }
  }
}
