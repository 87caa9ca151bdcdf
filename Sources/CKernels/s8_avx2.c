// Quantised kernels for AVX2: bytes widened to 16 bits, pairs multiplied and added into 32 bits
// (vpmaddwd), which cannot saturate here, and requantised in registers with the reference's rounding.
#if defined(__x86_64__)

#include "s8_avx2.h"

typedef struct tile_args {
  // Inputs of the first pixel: `runs` of them, one every `run_step`, each of `pairs` times two values.
  const int16_t *a;
  int64_t a_step;  // from pixel to pixel
  int64_t runs, run_step, pairs;
  const int16_t *weights;  // of this panel of 16
  const int32_t *bias;
  const fk_requant *requant;  // null for the general way
  const fk_general *general;
  int64_t channel;
  uint8_t *out;  // of the block's first pixel
  int64_t ldc, columns;
  limits limits;
} tile_args;

// `rows` pixels by 8 * `vectors` channels of a panel 16 wide.
INLINE AVX2 void tile(
    const tile_args *given, int64_t first, const int rows, const int vectors, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const tile_args local = *given, *t = &local;
  __m256i acc[12][2];
  const int16_t *run = t->a + first * t->a_step;
  const int is_in_order = mode >= GENERAL;
  __m256i bias[2];
  if (vectors == 2 && is_in_order) {
    bias[0] = load_halves(t->bias, t->bias + 8);
    bias[1] = load_halves(t->bias + 4, t->bias + 12);
  } else if (vectors == 2) {
    bias[0] = load(t->bias);
    bias[1] = load(t->bias + 8);
  } else {
    bias[0] = is_in_order ? load(t->bias) : load_halves(t->bias, t->bias + 8);
  }
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int v = 0; v < vectors; v++) acc[r][v] = bias[v];
  }
  const int16_t *weights = t->weights;
  for (int64_t j = 0; j < t->runs; j++, run += t->run_step) {
    const int16_t *a = run;
    for (int64_t i = 0; i < t->pairs; i++, a += 2, weights += 32) {
      __m256i w[2];
      UNROLL for (int v = 0; v < vectors; v++) w[v] = load(weights + 16 * v);
      UNROLL for (int r = 0; r < rows; r++) {
        int32_t pair;
        memcpy(&pair, a + r * t->a_step, sizeof pair);
        const __m256i x = _mm256_set1_epi32(pair);
        UNROLL for (int v = 0; v < vectors; v++) {
          acc[r][v] = _mm256_add_epi32(acc[r][v], _mm256_madd_epi16(x, w[v]));
        }
      }
    }
  }
  if (mode >= GENERAL && vectors == 2) {
    UNROLL for (int r = 0; r < rows; r++) in_order(&acc[r][0], &acc[r][1]);
  }
  if (mode == HYBRID) {
    float *out = (float *)t->out + first * t->ldc + t->channel;
    UNROLL for (int r = 0; r < rows; r++) {
      UNROLL for (int v = 0; v < vectors; v++) {
        store_real(
            t->general, acc[r][v], t->channel + 8 * v, out + r * t->ldc + 8 * v,
            t->columns - 8 * v);
      }
    }
    return;
  }
  if (mode == GENERAL) {
    UNROLL for (int r = 0; r < rows; r++) {
      int32_t sums[16];
      UNROLL for (int v = 0; v < vectors; v++) _mm256_storeu_si256((__m256i *)(sums + 8 * v), acc[r][v]);
      fk_finish_general(
          t->general, sums, t->columns < 8 * vectors ? t->columns : 8 * vectors, t->channel, t->out,
          (first + r) * t->ldc + t->channel);
    }
    return;
  }
  uint8_t *out = t->out + first * t->ldc + t->channel;
  if (vectors == 2) {
    const factors low = factors_of(t->requant, 0), high = factors_of(t->requant, 8);
    UNROLL for (int r = 0; r < rows; r += 2) {
      const int next = r + 1 < rows ? r + 1 : r;
      const __m256i bytes = bytes_of(
          _mm256_packs_epi32(scale(acc[r][0], &low, mode), scale(acc[r][1], &high, mode)),
          _mm256_packs_epi32(scale(acc[next][0], &low, mode), scale(acc[next][1], &high, mode)),
          &t->limits);
      store_first(out + r * t->ldc, _mm256_castsi256_si128(bytes), t->columns);
      if (next == r) continue;
      store_first(out + next * t->ldc, _mm256_extracti128_si256(bytes, 1), t->columns);
    }
    return;
  }
  // Four pixels at once.
  const factors f = first_factors_of(t->requant);
  const int64_t n = t->columns < 8 ? t->columns : 8;
  UNROLL for (int r = 0; r < rows; r += 4) {
    __m256i scaled[4];
    UNROLL for (int i = 0; i < 4; i++) {
      scaled[i] = scale(acc[r + i < rows ? r + i : rows - 1][0], &f, mode);
    }
    // Channels 0-3 of pixels 0, 1, 2 and 3, and then channels 4-7.
    const __m256i packed = _mm256_packs_epi16(
        _mm256_packs_epi32(scaled[0], scaled[1]), _mm256_packs_epi32(scaled[2], scaled[3]));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes = _mm256_permutevar8x32_epi32(packed, order);
    bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, t->limits.lo), t->limits.hi);
    bytes = _mm256_xor_si256(bytes, t->limits.flip);
    const __m128i halves[2] = {
        _mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)};
    UNROLL for (int i = 0; i < 4; i++) {
      if (r + i >= rows) continue;
      const __m128i half = halves[i / 2];
      store_first(
          out + (r + i) * t->ldc, i % 2 == 0 ? half : _mm_unpackhi_epi64(half, half), n);
    }
  }
}

#define PANELS(name, mode)                                                      \
  static AVX2 void name##_16(const tile_args *t, int64_t pixels) {              \
    int64_t i = 0;                                                              \
    for (; i + 6 <= pixels; i += 6) tile(t, i, 6, 2, mode);                     \
    if (i < pixels && pixels >= 6) {                                            \
      /* Some pixels a second time, with the same result. */                    \
      tile(t, pixels - 6, 6, 2, mode);                                          \
      return;                                                                   \
    }                                                                           \
    for (; i < pixels; i++) tile(t, i, 1, 2, mode);                             \
  }                                                                             \
  static AVX2 void name##_8(const tile_args *t, int64_t pixels) {               \
    int64_t i = 0;                                                              \
    for (; i + 12 <= pixels; i += 12) tile(t, i, 12, 1, mode);                  \
    if (i < pixels && pixels >= 12) {                                           \
      tile(t, pixels - 12, 12, 1, mode);                                        \
      return;                                                                   \
    }                                                                           \
    if (pixels - i >= 6) {                                                      \
      tile(t, i, 6, 1, mode);                                                   \
      i += 6;                                                                   \
    }                                                                           \
    for (; i < pixels; i++) tile(t, i, 1, 1, mode);                             \
  }
PANELS(clamped, CLAMPED)
PANELS(signed, SIGNED)
PANELS(left, LEFT)
PANELS(general, GENERAL)
PANELS(hybrid, HYBRID)

// Widens `n` bytes; reads and writes up to 15 elements more.
INLINE AVX2 void widen(int16_t *to, const uint8_t *from, int64_t n, __m128i flip) {
  for (int64_t i = 0; i < n; i += 16) {
    const __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(from + i)), flip);
    _mm256_storeu_si256((__m256i *)(to + i), _mm256_cvtepi8_epi16(bytes));
  }
}

static AVX2 void block(
    const fk_s8_conv *p, tile_args *t, int64_t first_output, int64_t pixels) {
  const int64_t out_c = p->w.out_c;
  t->out = p->hybrid ? (uint8_t *)(p->hybrid->output + first_output * out_c)
                     : p->output + first_output * out_c;
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
  static void (*const panels[5][2])(const tile_args *, int64_t) = {
      {clamped_8, clamped_16}, {signed_8, signed_16}, {left_8, left_16}, {general_8, general_16},
      {hybrid_8, hybrid_16}};
  for (int64_t c = 0; c < out_c; c += 16) {
    t->weights = (const int16_t *)p->weights + c * 2 * t->pairs * t->runs;
    t->requant = p->requant ? p->requant + c / 16 : NULL;
    t->bias = p->requant ? t->requant->bias : p->bias + c;
    t->channel = c;
    t->columns = out_c - c;
    panels[mode][t->columns > 8](t, pixels);
  }
}

// The rows that one output row's windows see, with their borders, widened.
static AVX2 void widen_rows(
    const fk_window *w, const uint8_t *input, uint8_t zero, uint8_t flip, int64_t row,
    int64_t run_step, int16_t *to) {
  const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
  const int64_t row_size = (int64_t)w->in_w * w->in_c, left = (int64_t)w->pad_left * w->in_c;
  const int64_t inside = row_size < run_step - left ? row_size : run_step - left;
  const int16_t border = (int8_t)(zero ^ flip);
  const __m128i flips = _mm_set1_epi8((char)flip);
  for (int64_t ky = 0; ky < w->k_h; ky++, to += run_step) {
    const int64_t y = y0 + ky * w->dilation_h;
    const int64_t n_inside = y < 0 || y >= w->in_h || inside < 0 ? 0 : inside;
    int64_t i = 0;
    for (; i < (n_inside ? left : run_step); i++) to[i] = border;
    if (!n_inside) continue;
    const uint8_t *from = input + (n * w->in_h + y) * row_size;
    int64_t j = 0;
    for (; j + 16 <= n_inside; j += 16) widen(to + i + j, from + j, 16, flips);
    for (; j < n_inside; j++) to[i + j] = (int8_t)(from[j] ^ flip);
    for (i += j; i < run_step; i++) to[i] = border;
  }
}

AVX2 FK_KERNEL(fk_s8_conv_6x16__avx2) {
  const fk_s8_conv *p = params;
  const fk_window *w = &p->w;
  const int64_t run = (int64_t)w->k_w * w->in_c;
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  tile_args t = {
      .a = scratch, .runs = w->k_h, .pairs = (run + 1) / 2, .ldc = w->out_c, .general = &general,
      .limits = limits_of(p->lo, p->hi, p->flip)};
  if (fk_window_is_pointwise(w) && !p->hybrid) {
    const int64_t step = fk_block_pixels(run * (int64_t)sizeof(int16_t), 6);
    const __m128i flip = _mm_set1_epi8((char)p->flip);
    const int64_t last = end * w->out_w;
    t.a_step = run;
    for (int64_t i = begin * w->out_w; i < last; i += step) {
      const int64_t pixels = last - i < step ? last - i : step;
      widen(scratch, p->input + i * run, pixels * run, flip);
      block(p, &t, i, pixels);
    }
    return;
  }
  // Up to the last column that a window reaches.
  t.run_step = ((int64_t)(w->out_w - 1) * w->stride_w + w->k_w) * w->in_c;
  t.a_step = (int64_t)w->stride_w * w->in_c;
  for (int64_t row = begin; row < end; row++) {
    uint8_t zero = p->in_zero;
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + row / w->out_h;
      general.dynamic_zero = dynamic->zero;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    widen_rows(w, p->input, zero, p->flip, row, t.run_step, scratch);
    block(p, &t, row * w->out_w, w->out_w);
  }
}

typedef struct taps_args {
  const uint8_t *const *source;
  int64_t pairs, padded;
  const fk_s8_depthwise *p;
  const fk_general *general;
  int64_t first;  // position of the pixel
  limits limits;
} taps_args;

INLINE AVX2 void channels(const taps_args *t, int64_t c, const int mode) {
  const fk_s8_depthwise *p = t->p;
  const int64_t columns = p->w.out_c - c;
  const fk_requant *requant = mode == GENERAL ? NULL : p->requant + c / 16;
  const __m128i flip = _mm256_castsi256_si128(t->limits.flip);
  const int32_t *bias = mode == GENERAL ? p->bias + c : requant->bias;
  __m256i low = mode == GENERAL ? load_halves(bias, bias + 8) : load(bias);
  __m256i high = mode == GENERAL ? load_halves(bias + 4, bias + 12) : load(bias + 8);
  const int16_t *weights = (const int16_t *)p->weights + 2 * c;
  for (int64_t i = 0; i < t->pairs; i++, weights += 2 * t->padded) {
    const __m256i x = load_16(t->source[2 * i] + c, flip);
    const __m256i y = load_16(t->source[2 * i + 1] + c, flip);
    low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(x, y), load(weights)));
    high =
        _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(x, y), load(weights + 16)));
  }
  if (mode == GENERAL) {
    int32_t sums[16];
    in_order(&low, &high);
    _mm256_storeu_si256((__m256i *)sums, low);
    _mm256_storeu_si256((__m256i *)(sums + 8), high);
    void *out = p->hybrid ? (void *)p->hybrid->output : (void *)p->output;
    fk_finish_general(t->general, sums, columns < 16 ? columns : 16, c, out, t->first + c);
    return;
  }
  const factors f = factors_of(requant, 0), g = factors_of(requant, 8);
  store_first(
      p->output + t->first + c, narrow(scale(low, &f, mode), scale(high, &g, mode), &t->limits),
      columns);
}

#define PIXEL(name, mode)                                                 \
  static AVX2 void name##_pixel(const taps_args *t) {                     \
    for (int64_t c = 0; c < t->p->w.out_c; c += 16) channels(t, c, mode); \
  }
PIXEL(clamped, CLAMPED)
PIXEL(signed, SIGNED)
PIXEL(left, LEFT)
PIXEL(general, GENERAL)

AVX2 FK_KERNEL(fk_s8_depthwise_1x16__avx2) {
  const fk_s8_depthwise *p = params;
  const fk_window *w = &p->w;
  const int64_t taps = (int64_t)w->k_h * w->k_w;
  const uint8_t **source = scratch;
  // Behind the sources and one more, which an odd number of taps needs, lie zeros of the batch.
  uint8_t *dynamic_zeros = (uint8_t *)(source + taps + 1);
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  taps_args t = {
      .source = source, .pairs = (taps + 1) / 2, .padded = ((int64_t)w->out_c + 15) / 16 * 16,
      .p = p, .general = &general, .limits = limits_of(p->lo, p->hi, p->flip)};
  static void (*const pixels[4])(const taps_args *) = {
      clamped_pixel, signed_pixel, left_pixel, general_pixel};
  const int mode = !p->requant ? GENERAL
                   : p->has_left ? LEFT
                   : p->lo < p->out_zero ? SIGNED
                                         : CLAMPED;
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, oy = row % w->out_h;
    const uint8_t *zeros = p->zeros;
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + n;
      general.dynamic_zero = dynamic->zero;
      general.dynamic_scale = dynamic->scale;
      memset(dynamic_zeros, dynamic->zero, (size_t)w->in_c + 16);
      zeros = dynamic_zeros;
    }
    source[taps] = zeros;
    for (int64_t ox = 0; ox < w->out_w; ox++) {
      int64_t i = 0;
      for (int64_t ky = 0; ky < w->k_h; ky++) {
        for (int64_t kx = 0; kx < w->k_w; kx++) {
          const int64_t tap = fk_tap(w, n, oy, ox, ky, kx);
          source[i++] = tap < 0 ? zeros : p->input + tap;
        }
      }
      t.first = (row * w->out_w + ox) * w->out_c;
      pixels[mode](&t);
    }
  }
}

#endif
