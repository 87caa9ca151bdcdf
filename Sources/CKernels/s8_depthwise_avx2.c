// The quantised 3x3 depthwise convolution for AVX2. A column of the window, three rows of 16 channels, is
// widened and interleaved once and serves up to three outputs.
#if defined(__x86_64__)

#include "s8_avx2.h"

// Pairs of rows 0 and 1, and of row 2 and zero. Unpacking leaves channels 0-3 and 8-11 in the first of
// two registers, 4-7 and 12-15 in the second.
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
  const __m128i flip = s->limits.flip;
  return interleave(
      load_16(s->rows[0] + x * s->steps[0], flip), load_16(s->rows[1] + x * s->steps[1], flip),
      load_16(s->rows[2] + x * s->steps[2], flip));
}

INLINE AVX2 __m256i multiply(__m256i sum, __m256i a, const int16_t *weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, load(weights)));
}

INLINE AVX2 void row_of_channels(const strip *given, const int mode) {
  // A copy, which what is written cannot change, stays in registers.
  const strip local = *given, *s = &local;
  const __m256i first_bias = load(s->bias), second_bias = load(s->bias + 8);
  factors f, g;
  if (mode < GENERAL) {
    f = factors_of(s->requant, 0);
    g = factors_of(s->requant, 8);
  }
  int64_t x = -s->pad;
  column c[3];
  c[0] = column_at(s, x);
  c[1] = column_at(s, x + 1);
  for (int64_t ox = 0; ox < s->out_w; ox++) {
    c[2] = column_at(s, x + 2);
    __m256i low = _mm256_setzero_si256(), high = low;
    UNROLL for (int i = 0; i < 3; i++) {
      const int16_t *weights = s->weights + 64 * i;
      low = multiply(low, c[i].low, weights);
      high = multiply(high, c[i].high, weights + 16);
      low = multiply(low, c[i].last_low, weights + 32);
      high = multiply(high, c[i].last_high, weights + 48);
    }
    const __m256i first =
        _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), first_bias);
    const __m256i second =
        _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x31), second_bias);
    if (mode == GENERAL) {
      int32_t sums[16];
      _mm256_storeu_si256((__m256i *)sums, first);
      _mm256_storeu_si256((__m256i *)(sums + 8), second);
      fk_finish_general(
          s->general, sums, s->columns < 16 ? s->columns : 16, s->channel, s->out,
          ox * s->out_step);
    } else if (mode == HYBRID) {
      float *out = (float *)s->out + ox * s->out_step;
      store_real(s->general, first, s->channel, out, s->columns);
      store_real(s->general, second, s->channel + 8, out + 8, s->columns - 8);
    } else {
      store_first(
          s->out + ox * s->out_step,
          narrow(scale(first, &f, mode), scale(second, &g, mode), &s->limits), s->columns);
    }
    x += s->stride;
    if (s->stride == 1) {
      c[0] = c[1];
      c[1] = c[2];
    } else {
      c[0] = s->stride == 2 ? c[2] : column_at(s, x);
      c[1] = column_at(s, x + 1);
    }
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
  const int mode = p->hybrid     ? HYBRID
                   : !p->requant ? GENERAL
                   : p->has_left ? LEFT
                   : p->lo < p->out_zero ? SIGNED
                                         : CLAMPED;
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
    const __m256i outside = load_16(zeros, s.limits.flip);
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
