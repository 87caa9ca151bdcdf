// The quantised 3x3 depthwise convolution for AVX2. A column of the window, three rows of 16 channels, is
// widened and interleaved once and serves up to three outputs.
#if defined(__x86_64__)

#include "s8_avx2.h"

// Pairs of rows 0 and 1, and of row 2 and zero, of sixteen channels.
typedef struct column {
  __m256i low, high, last_low, last_high;
} column;

typedef struct strip {
  const uint8_t *rows[3];
  int64_t steps[3];  // bytes from pixel to pixel, 0 for a row outside the image
  int64_t in_w, out_w, stride, pad;
  const int16_t *weights;  // [column][pair][two registers]
  const int32_t *bias;
  const fk_requant *requant;
  const fk_general *general;
  uint8_t *out;
  int64_t out_step, channel, columns;
  column outside;
  limits limits;
} strip;

INLINE AVX2 column interleave(__m256i a, __m256i b, __m256i c) {
  const __m256i zero = _mm256_setzero_si256();
  column result = {
      _mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b), _mm256_unpacklo_epi16(c, zero),
      _mm256_unpackhi_epi16(c, zero)};
  return result;
}

INLINE AVX2 column column_at(const strip *s, int64_t x) {
  if (x < 0 || x >= s->in_w) return s->outside;
  const __m128i flip = _mm256_castsi256_si128(s->limits.flip);
  return interleave(
      load_16(s->rows[0] + x * s->steps[0], flip), load_16(s->rows[1] + x * s->steps[1], flip),
      load_16(s->rows[2] + x * s->steps[2], flip));
}

// Sums of sixteen channels.
typedef struct sums {
  __m256i low, high;
} sums;

// `to` and a column's products with the weights of the window's column `i`.
INLINE AVX2 sums add(sums to, column x, const strip *s, const int i) {
  const int16_t *w = s->weights + 64 * i;
  to.low = _mm256_add_epi32(
      to.low, _mm256_add_epi32(
                  _mm256_madd_epi16(x.low, load(w)), _mm256_madd_epi16(x.last_low, load(w + 32))));
  to.high = _mm256_add_epi32(
      to.high,
      _mm256_add_epi32(
          _mm256_madd_epi16(x.high, load(w + 16)), _mm256_madd_epi16(x.last_high, load(w + 48))));
  return to;
}

INLINE AVX2 void put(const strip *s, int64_t ox, sums sum, const factors f[2], const int mode) {
  if (mode < GENERAL) {
    const __m128i bytes =
        narrow(scale(sum.low, &f[0], mode), scale(sum.high, &f[1], mode), &s->limits);
    store_first(s->out + ox * s->out_step, bytes, s->columns);
    return;
  }
  in_order(&sum.low, &sum.high);
  if (mode == HYBRID) {
    float *out = (float *)s->out + ox * s->out_step;
    store_real(s->general, sum.low, s->channel, out, s->columns);
    store_real(s->general, sum.high, s->channel + 8, out + 8, s->columns - 8);
    return;
  }
  int32_t whole[16];
  _mm256_storeu_si256((__m256i *)whole, sum.low);
  _mm256_storeu_si256((__m256i *)(whole + 8), sum.high);
  fk_finish_general(
      s->general, whole, s->columns < 16 ? s->columns : 16, s->channel, s->out, ox * s->out_step);
}

// Each column is read once and added to the windows that it is in, whose sums take fewer registers than
// columns would.
INLINE AVX2 void row_of_channels(const strip *given, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  const sums bias = {
      mode < GENERAL ? load(s->bias) : load_halves(s->bias, s->bias + 8),
      mode < GENERAL ? load(s->bias + 8) : load_halves(s->bias + 4, s->bias + 12)};
  factors f[2];
  if (mode < GENERAL) {
    f[0] = factors_of(s->requant, 0);
    f[1] = factors_of(s->requant, 8);
  }
  int64_t x = -s->pad;
  sums next = add(bias, column_at(s, x), s, 0);
  if (s->stride == 1) {
    column c = column_at(s, x + 1);
    sums last = add(bias, c, s, 0);
    next = add(next, c, s, 1);
    for (int64_t ox = 0; ox < s->out_w; ox++) {
      c = column_at(s, ++x + 1);
      put(s, ox, add(next, c, s, 2), f, mode);
      next = add(last, c, s, 1);
      last = add(bias, c, s, 0);
    }
    return;
  }
  for (int64_t ox = 0; ox < s->out_w; ox++) {
    next = add(next, column_at(s, x + 1), s, 1);
    const column c = column_at(s, x + 2);
    put(s, ox, add(next, c, s, 2), f, mode);
    x += s->stride;
    next = add(bias, s->stride == 2 ? c : column_at(s, x), s, 0);
  }
}

static AVX2 void row_clamped(const strip *s) { row_of_channels(s, CLAMPED); }
static AVX2 void row_signed(const strip *s) { row_of_channels(s, SIGNED); }
static AVX2 void row_left(const strip *s) { row_of_channels(s, LEFT); }
static AVX2 void row_general(const strip *s) { row_of_channels(s, GENERAL); }
static AVX2 void row_hybrid(const strip *s) { row_of_channels(s, HYBRID); }

AVX2 FK_KERNEL(fk_s8_depthwise_3x3_1x16__avx2) {
  const fk_s8_depthwise *p = params;
  const fk_window *w = &p->w;
  (void)scratch;
  fk_general general = {
      .multiplier = p->multiplier, .shift = p->shift, .out_zero = p->out_zero, .lo = p->lo,
      .hi = p->hi, .flip = p->flip, .hybrid = p->hybrid};
  const int mode = fk_mode_of(p->hybrid, p->requant, p->has_left, p->lo, p->out_zero);
  static void (*const kernels[5])(const strip *) = {
      row_clamped, row_signed, row_left, row_general, row_hybrid};
  const int64_t channels = w->in_c, row_bytes = (int64_t)w->in_w * channels;
  strip s = {
      .in_w = w->in_w, .out_w = w->out_w, .stride = w->stride_w, .pad = w->pad_left,
      .out_step = channels, .general = &general, .limits = limits_of(p->lo, p->hi, p->flip)};
  for (int64_t row = begin; row < end; row++) {
    const int64_t n = row / w->out_h, y0 = row % w->out_h * w->stride_h - w->pad_top;
    uint8_t zero = p->zeros[0], zeros[16];
    if (p->hybrid) {
      const fk_dynamic *dynamic = p->hybrid->dynamic + n;
      general.dynamic_zero = dynamic->zero;
      general.dynamic_scale = dynamic->scale;
      zero = (uint8_t)dynamic->zero;
    }
    memset(zeros, zero, sizeof zeros);
    const __m256i outside = load_16(zeros, _mm256_castsi256_si128(s.limits.flip));
    s.outside = interleave(outside, outside, outside);
    for (int64_t c = 0; c < channels; c += 16) {
      for (int r = 0; r < 3; r++) {
        const int64_t y = y0 + r;
        const int is_inside = y >= 0 && y < w->in_h;
        s.rows[r] = is_inside ? p->input + (n * w->in_h + y) * row_bytes + c : zeros;
        s.steps[r] = is_inside ? channels : 0;
      }
      s.weights = (const int16_t *)p->weights + c / 16 * 192;
      s.requant = p->requant ? p->requant + c / 16 : NULL;
      s.bias = p->requant ? s.requant->bias : p->bias + c;
      s.channel = c;
      s.columns = channels - c;
      const int64_t first = row * w->out_w * channels + c;
      s.out = p->hybrid ? (uint8_t *)(p->hybrid->output + first) : p->output + first;
      kernels[mode](&s);
    }
  }
}

#endif
